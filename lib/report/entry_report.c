/* SPDX-License-Identifier: Apache-2.0 */
#include "report/entry_report.h"

#include <inttypes.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/quote.h"

static const char *type_name(char type)
{
	switch (type) {
	case 'f':
		return "file";
	case 'd':
		return "directory";
	case 'l':
		return "symlink";
	case 'p':
		return "fifo";
	case 'c':
		return "character device";
	case 'b':
		return "block device";
	default:
		return "unknown";
	}
}

void report_entry_members(struct json_writer *w, const struct report_entry *entry)
{
	CLEANUP(mem_freep) char *rooted = mem_printf("/%s", entry->path);
	char time[CLOCK_TEXT_MAX];

	json_put_name(w, "path", slice_of_string(rooted));
	json_put_string(w, "type", type_name(entry->type));
	json_put_uint(w, "mode", entry->mode);
	json_put_uint(w, "uid", entry->uid);
	json_put_uint(w, "gid", entry->gid);
	json_put_string(w, "user", entry->user);
	json_put_string(w, "group", entry->group);
	json_put_uint(w, "size", entry->size);
	json_put_string(w, "mtime", clock_format(entry->mtime_nsec, time));
	if (entry->target != NULL)
		json_put_name(w, "target", slice_of_string(entry->target));
	if (entry->n_facts == 0)
		return;
	json_write_key(w, "facts");
	json_begin_object(w);
	for (size_t i = 0; i < entry->n_facts; i++)
		json_put_string(w, entry->facts[i].key, entry->facts[i].value);
	json_end_object(w);
}

void report_entry_json(struct json_writer *w, const struct report_entry *entry)
{
	json_begin_object(w);
	report_entry_members(w, entry);
	json_end_object(w);
}

const char *report_mode_text(char type, uint32_t mode, char out[static MODE_TEXT_LEN])
{
	static const char letters[] = "rwxrwxrwx";

	out[0] = type == 'f' ? '-' : type;
	for (unsigned i = 0; i < 9; i++)
		out[1 + i] = (mode & (0400u >> i)) != 0 ? letters[i] : '-';
	if (mode & 04000)
		out[3] = out[3] == 'x' ? 's' : 'S';
	if (mode & 02000)
		out[6] = out[6] == 'x' ? 's' : 'S';
	if (mode & 01000)
		out[9] = out[9] == 'x' ? 't' : 'T';
	out[10] = '\0';
	return out;
}

/* The name if known, else the number. */
static const char *owner(const char *name, uint32_t number,
			 char out[static QUOTE_TEXT_MAX])
{
	if (name != NULL && name[0] != '\0')
		return quote_string(name, out);
	(void)snprintf(out, QUOTE_TEXT_MAX, "%" PRIu32, number);
	return out;
}

void report_entry_line(struct buf *text, const struct report_entry *entry)
{
	char mode[MODE_TEXT_LEN];
	char user[QUOTE_TEXT_MAX];
	char group[QUOTE_TEXT_MAX];
	char time[CLOCK_TEXT_MAX];
	char path[QUOTE_TEXT_MAX];
	char target[QUOTE_TEXT_MAX];
	int64_t whole_sec = entry->mtime_nsec - entry->mtime_nsec % 1000000000;

	buf_printf(text, "%s %-8s %-8s %12" PRIu64 " %s %s",
		   report_mode_text(entry->type, entry->mode, mode),
		   owner(entry->user, entry->uid, user),
		   owner(entry->group, entry->gid, group), entry->size,
		   clock_format(whole_sec, time), quote_rooted(entry->path, path));
	if (entry->target != NULL)
		buf_printf(text, " -> %s", quote_string(entry->target, target));
	buf_append_byte(text, '\n');
}
