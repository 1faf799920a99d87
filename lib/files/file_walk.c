/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The walk. Directories on the way down are frames of an explicit stack, each with its sorted
 * list of names, so depth costs heap and not C stack. Every name is reached relative to its
 * directory's descriptor: renames above us cannot lead the walk elsewhere, and paths may be
 * longer than PATH_MAX. Only the deepest WALK_OPEN_MAX directories stay open; an older one is
 * opened again, component by component, when the walk comes back to it, and must be the same
 * inode as before.
 *
 * A frame is "full" when all that its directory holds is taken, else only the names that the
 * plan has below it. Full frames keep their part of the plan too: with one_file_system a
 * named path on another file system lies below a root that does not descend into it.
 *
 * A directory that is only passed through for an include pattern is sent to the sink when
 * something in it is taken, never before (walk_send_directories()).
 *
 * Nothing that stat said is trusted after the open: types are compared again, and a name that
 * changed its type in between is looked at anew.
 */
#include "files/file_walk.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/quote.h"
#include "files/file_walk_internal.h"

enum { REPLACED_TRIES = 5 };

static const char cachedir_tag[] = "CACHEDIR.TAG";
static const char cachedir_signature[] = "Signature: 8a477f597d28d172789f06886806bc55";

static struct walk_frame *top_frame(const struct walk *walk)
{
	return vec_last(&walk->frames);
}

void walk_warn(struct walk *walk, enum warn_kind kind, const char *message)
{
	CLEANUP(mem_freep) char *path = mem_printf("/%s", buf_string(&walk->path));
	char quoted[QUOTE_TEXT_MAX];

	walk->sink->ops->warn(walk->sink, kind, quote_string(path, quoted), message);
}

void walk_warn_errno(struct walk *walk, const struct walk_visit *visit, const char *what,
		     int error_number)
{
	struct err err = {0};

	if (visit->naming == PLAN_PASSED && visit->plan.first == visit->plan.end &&
	    (error_number == ENOENT || error_number == ESTALE)) {
		walk_warn(walk, WARN_NOTE, "vanished before it was read");
		return;
	}
	err_set_errno(&err, error_number, "%s", what);
	walk_warn(walk, WARN_UNREADABLE, err.msg);
}

int walk_open(int dir_fd, const char *name, int flags)
{
	int fd;

	do {
		fd = openat(dir_fd, name, flags | O_NOATIME | O_CLOEXEC);
		if (fd < 0 && errno == EPERM) /* only its owner may ask for O_NOATIME */
			fd = openat(dir_fd, name, flags | O_CLOEXEC);
	} while (fd < 0 && errno == EINTR);
	return fd;
}

void walk_describe(struct walk *walk, int fd, const struct stat *st, const char *name,
		   struct entry *ret_entry)
{
	struct err err = {0};

	file_meta_describe(walk->meta, st, name, ret_entry);
	if (file_meta_add_xattrs(walk->meta, fd, ret_entry, &err) < 0)
		walk_warn(walk, WARN_NOTE, err.msg);
}

int walk_send_directories(struct walk *walk, struct err *err)
{
	for (size_t i = 0; i < walk->frames.n; i++) {
		struct walk_frame *frame = vec_at(&walk->frames, i);

		if (frame->is_sent)
			continue;
		if (walk->sink->ops->open_directory(walk->sink, &frame->entry, err) < 0)
			return -1;
		frame->is_sent = true;
		entry_release(&frame->entry);
	}
	return 0;
}

static void frame_release(struct walk_frame *frame)
{
	if (!frame->is_sent)
		entry_release(&frame->entry);
	fd_closep(&frame->fd);
	name_list_release(&frame->names);
}

static int leave_directory(struct walk *walk, struct err *err)
{
	struct walk_frame *frame = top_frame(walk);
	bool is_sent = frame->is_sent;

	frame_release(frame);
	vec_pop(&walk->frames);
	if (is_sent && walk->sink->ops->close_directory(walk->sink, err) < 0)
		return -1;
	return 0;
}

/* The names that the plan has below a directory, for one that is not taken as a whole. */
static int add_planned_names(struct walk *walk, struct walk_frame *frame, struct err *err)
{
	size_t i = frame->plan.first;

	while (i < frame->plan.end) {
		struct slice component =
			source_plan_component(walk->plan, i, frame->path_len);
		CLEANUP(mem_freep)
		char *name = mem_strndup((const char *)component.data, component.len);

		if (name_list_add(&frame->names, name, err) < 0)
			return -1;
		do {
			i++;
		} while (i < frame->plan.end &&
			 slice_equal(component, source_plan_component(walk->plan, i,
								      frame->path_len)));
	}
	return 0;
}

static bool has_cache_tag(int dir_fd)
{
	CLEANUP(fd_closep) int fd = -1;
	char start[sizeof(cachedir_signature) - 1];
	struct err ignored = {0}; /* what cannot be read is no tag */
	struct stat st;
	size_t len = 0;

	fd = walk_open(dir_fd, cachedir_tag, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
	return fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	       fd_pread(fd, 0, start, sizeof(start), &len, &ignored) == 0 &&
	       len == sizeof(start) && memcmp(start, cachedir_signature, len) == 0;
}

/* What is in a directory is left out, or cannot be read, whatever the patterns say of it. */
static void pass_over(const struct walk *walk)
{
	if (walk->options->selection != NULL)
		selection_pass_over(walk->options->selection, buf_slice(&walk->path));
}

static int list_names(struct walk *walk, const struct walk_visit *visit,
		      struct walk_frame *frame, bool is_readable, struct err *err)
{
	if (!frame->is_full || !is_readable) {
		if (visit->is_full)
			pass_over(walk);
		return add_planned_names(walk, frame, err);
	}
	if (walk->options->exclude_caches && has_cache_tag(frame->fd)) {
		pass_over(walk);
		return name_list_add(&frame->names, cachedir_tag, err);
	}
	return name_list_read(&frame->names, frame->fd, err);
}

/* Pushes the directory that walk.path names. `fd` is taken over. */
static int push_frame(struct walk *walk, const struct walk_visit *visit, int fd,
		      bool is_readable, struct err *err)
{
	struct walk_frame *parent = top_frame(walk);
	struct walk_frame frame = {
		.fd = fd,
		.path_len = walk->path.len,
		.plan = visit->plan,
		.is_full = visit->is_full,
		.is_linked = S_ISLNK(visit->st.st_mode),
	};
	struct err problem = {0};
	struct stat st;

	if (fstat(fd, &st) < 0) {
		walk_warn_errno(walk, visit, "cannot be read", errno);
		close(fd);
		return 0;
	}
	frame.device = st.st_dev;
	frame.inode = st.st_ino;
	frame.root_device = visit->naming != PLAN_PASSED || parent == NULL
				    ? st.st_dev
				    : parent->root_device;
	if (visit->naming == PLAN_PASSED && walk->options->one_file_system &&
	    st.st_dev != frame.root_device)
		frame.is_full = false;
	walk_describe(walk, fd, &st, visit->name, &frame.entry);
	name_list_init(&frame.names);
	if (list_names(walk, visit, &frame, is_readable, &problem) < 0)
		walk_warn(walk, WARN_UNREADABLE, problem.msg);
	vec_push(&walk->frames, &frame);
	if (walk->frames.n > WALK_OPEN_MAX)
		fd_closep(&((struct walk_frame *)vec_at(
				    &walk->frames, walk->frames.n - 1 - WALK_OPEN_MAX))
				   ->fd);
	return visit->verdict == SELECTION_TAKE ? walk_send_directories(walk, err) : 0;
}

static enum walk_outcome enter_directory(struct walk *walk,
					 const struct walk_visit *visit, struct err *err)
{
	int follow = S_ISLNK(visit->st.st_mode) ? 0 : O_NOFOLLOW;
	bool is_readable = true;
	int fd = -1;

	if (walk->frames.n >= WALK_DEPTH_MAX) {
		walk_warn(walk, WARN_UNREADABLE, "lies too deep");
		return WALK_DONE;
	}
	if (visit->is_full) {
		fd = walk_open(visit->dir_fd, visit->name,
			       O_RDONLY | O_DIRECTORY | follow);
		is_readable = fd >= 0;
	}
	if (fd < 0 && (!visit->is_full || errno == EACCES || errno == EPERM)) {
		int denied = errno;

		fd = openat(visit->dir_fd, visit->name,
			    O_PATH | O_DIRECTORY | O_CLOEXEC | follow);
		if (fd >= 0 && visit->is_full)
			walk_warn_errno(walk, visit, "cannot be read", denied);
	}
	if (fd < 0 && (errno == ENOTDIR || errno == ELOOP) && follow != 0)
		return WALK_REPLACED;
	if (fd < 0) {
		walk_warn_errno(walk, visit, "cannot be read", errno);
		return WALK_DONE;
	}
	return push_frame(walk, visit, fd, is_readable, err) < 0 ? WALK_FAILED
								 : WALK_DONE;
}

/* Was something named that only a directory can have? */
static bool goes_on_behind(const struct walk_visit *visit)
{
	return visit->plan.first < visit->plan.end ||
	       visit->naming == PLAN_NAMED_DIRECTORY;
}

/* A named path that goes on behind a symbolic link, be it only with a slash, is followed, unless
 * the link itself is part of what is taken: then the tree cannot hold both. */
static bool is_directory_for_us(struct walk *walk, const struct walk_visit *visit,
				bool parent_is_full)
{
	if (S_ISDIR(visit->st.st_mode))
		return true;
	if (!S_ISLNK(visit->st.st_mode) || !goes_on_behind(visit))
		return false;
	if (!parent_is_full && visit->naming != PLAN_NAMED)
		return true;
	walk_warn(walk, WARN_UNREADABLE,
		  "is taken as a symbolic link, so what was named behind it is left out");
	return false;
}

static enum walk_outcome take(struct walk *walk, struct walk_visit *visit,
			      bool parent_is_full, struct err *err)
{
	bool is_directory;

	if (fstatat(visit->dir_fd, visit->name, &visit->st, AT_SYMLINK_NOFOLLOW) < 0) {
		walk_warn_errno(walk, visit, "cannot be read", errno);
		return WALK_DONE;
	}
	is_directory = is_directory_for_us(walk, visit, parent_is_full);
	visit->verdict = SELECTION_TAKE;
	if (walk->options->selection != NULL)
		visit->verdict = selection_test(walk->options->selection,
						buf_slice(&walk->path), is_directory);
	if (visit->verdict == SELECTION_SKIP)
		return WALK_DONE;
	if (is_directory)
		return enter_directory(walk, visit, err);
	if (!S_ISLNK(visit->st.st_mode) && goes_on_behind(visit))
		walk_warn(walk, WARN_UNREADABLE,
			  "is not a directory: what was named below it is left out");
	if (!visit->is_full)
		return WALK_DONE;
	if (visit->verdict == SELECTION_DESCEND)
		return WALK_DONE;
	if (S_ISREG(visit->st.st_mode))
		return walk_take_file(walk, visit, err);
	return walk_take_special(walk, visit, err);
}

static void cut_path(struct walk *walk, size_t path_len)
{
	if (walk->path.len == path_len)
		return;
	walk->path.len = path_len;
	walk->path.data[path_len] = '\0';
}

static void append_name(struct walk *walk, size_t path_len, const char *name)
{
	cut_path(walk, path_len);
	if (path_len > 0)
		buf_append_byte(&walk->path, '/');
	buf_append_string(&walk->path, name);
}

static int visit_next(struct walk *walk, struct err *err)
{
	struct walk_frame *frame = top_frame(walk);
	bool parent_is_full = frame->is_full;
	const char *name = name_list_at(&frame->names, frame->next++);
	struct walk_visit visit = {.name = name, .dir_fd = frame->fd};
	enum walk_outcome outcome = WALK_REPLACED;

	append_name(walk, frame->path_len, name);
	visit.plan = source_plan_narrow(walk->plan, frame->plan, frame->path_len, name,
					&visit.naming);
	visit.is_full = frame->is_full || visit.naming != PLAN_PASSED;
	for (int i = 0; i < REPLACED_TRIES && outcome == WALK_REPLACED; i++)
		outcome = take(walk, &visit, parent_is_full, err);
	if (outcome == WALK_REPLACED)
		walk_warn(walk, WARN_UNREADABLE, "is replaced again and again");
	return outcome == WALK_FAILED ? -1 : 0;
}

/* Opens frame `i` anew from "/", by the names in walk.path; -1 with errno. */
static int reopen_path(struct walk *walk, size_t i)
{
	int at = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	for (size_t k = 1; k <= i && at >= 0; k++) {
		const struct walk_frame *frame = vec_at(&walk->frames, k);
		const struct walk_frame *above = vec_at(&walk->frames, k - 1);
		size_t start = above->path_len + (above->path_len > 0 ? 1 : 0);
		CLEANUP(mem_freep)
		char *name = mem_strndup((const char *)walk->path.data + start,
					 frame->path_len - start);
		int next = openat(at, name,
				  O_PATH | O_DIRECTORY | O_CLOEXEC |
					  (frame->is_linked ? 0 : O_NOFOLLOW));

		close(at);
		at = next;
	}
	return at;
}

/* Makes the top frame's descriptor usable again. When the directory is gone or another one
 * has its name, what was not read of it is lost to this run: that is said, and skipped. */
static void ensure_open(struct walk *walk)
{
	struct walk_frame *frame = top_frame(walk);
	int fd = frame->fd;
	struct stat st;

	if (fd >= 0)
		return;
	fd = reopen_path(walk, walk->frames.n - 1);
	if (fd >= 0 && fstat(fd, &st) == 0 && st.st_dev == frame->device &&
	    st.st_ino == frame->inode) {
		frame->fd = fd;
		return;
	}
	fd_closep(&fd);
	cut_path(walk, frame->path_len);
	walk_warn(walk, WARN_UNREADABLE, "was moved or removed while it was read");
	frame->next = name_list_count(&frame->names);
}

static int walk_all(struct walk *walk, struct err *err)
{
	while (walk->frames.n > 0) {
		struct walk_frame *frame = top_frame(walk);

		if (cancel_check(walk->cancel, err) < 0)
			return -1;
		if (frame->next < name_list_count(&frame->names))
			ensure_open(walk);
		if (frame->next < name_list_count(&frame->names)) {
			if (visit_next(walk, err) < 0)
				return -1;
		} else if (leave_directory(walk, err) < 0) {
			return -1;
		}
	}
	return 0;
}

static int enter_root(struct walk *walk, struct err *err)
{
	struct walk_visit root = {.name = "", .verdict = SELECTION_TAKE};
	int fd;

	root.plan = source_plan_narrow(
		walk->plan, (struct plan_range){0, source_plan_count(walk->plan)}, 0, "",
		&root.naming);
	/* Narrowing by "" finds just the paths that are the root itself. */
	root.plan.end = source_plan_count(walk->plan);
	root.is_full = root.naming != PLAN_PASSED;
	fd = walk_open(AT_FDCWD, "/", O_RDONLY | O_DIRECTORY);
	if (fd < 0 && !root.is_full)
		fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_set_errno(err, errno, "cannot open /");
	if (push_frame(walk, &root, fd, true, err) < 0)
		return -1;
	return walk_send_directories(walk, err);
}

int file_walk_run(const struct source_plan *plan,
		  const struct file_source_options *options, struct tree_sink *sink,
		  const struct cancel *cancel, struct err *err)
{
	struct walk walk = {
		.plan = plan,
		.options = options,
		.sink = sink,
		.cancel = cancel,
		.meta = file_meta_new(),
	};
	int result;

	vec_init(&walk.frames, sizeof(struct walk_frame));
	buf_init(&walk.path, 0);
	result = enter_root(&walk, err) < 0 ? -1 : walk_all(&walk, err);
	while (walk.frames.n > 0) {
		frame_release(top_frame(&walk));
		vec_pop(&walk.frames);
	}
	vec_release(&walk.frames);
	buf_release(&walk.path);
	file_meta_free(walk.meta);
	return result;
}
