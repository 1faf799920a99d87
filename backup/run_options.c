/* SPDX-License-Identifier: Apache-2.0 */
#include "run_options.h"

#include "base/mem.h"
#include "base/quote.h"
#include "cli/cli_patterns.h"
#include "files/stream_source.h"
#include "repo/snapshots.h"

#define OFFSET(member) offsetof(struct run_options, member)

const struct opt run_opts[] = {
	{.name = "stream",
	 .letter = 's',
	 .type = OPT_TEXT,
	 .offset = OFFSET(stream),
	 .value = "NAME",
	 .help = "stream that the snapshot belongs to, for example db/orders"},
	{.name = "files",
	 .type = OPT_FLAG,
	 .offset = OFFSET(files),
	 .takes_rest = true,
	 .help = "back up the paths that are the operands",
	 .more = "A symbolic link is stored as one; LINK/, with a slash at the end, is "
		 "the directory that it points to."},
	{.name = "files-from0",
	 .type = OPT_TEXT,
	 .offset = OFFSET(files_from0),
	 .value = "FILE",
	 .complete = "file",
	 .help = "back up the NUL-separated paths in FILE, - for standard input"},
	{.name = "stdin",
	 .type = OPT_TEXT,
	 .offset = OFFSET(stdin_name),
	 .value = "NAME",
	 .help = "back up standard input as a file of this name"},
	{.name = "command",
	 .type = OPT_TEXT,
	 .offset = OFFSET(command),
	 .value = "CMD",
	 .takes_rest = true,
	 .help = "back up what CMD prints as the file that the operand names",
	 .more = "CMD is run by /bin/sh -c in a process group of its own. If it fails, "
		 "no snapshot is made."},
	{.name = "postgres",
	 .type = OPT_TEXT,
	 .offset = OFFSET(postgres),
	 .value = "CONNINFO",
	 .help = "back up a PostgreSQL database, for example \"service=prod "
		 "dbname=orders\"",
	 .more = "The connection string, its service or PGDATABASE names the database. "
		 "It holds no password: passwords come from PGPASSFILE, a service file "
		 "or PGPASSWORD."},
	{.name = "tag",
	 .letter = 't',
	 .type = OPT_LIST,
	 .offset = OFFSET(tags),
	 .value = "K=V",
	 .help = "store this with the snapshot"},
	{.name = "exclude",
	 .letter = 'e',
	 .type = OPT_LIST,
	 .offset = OFFSET(exclude),
	 .value = "PATTERN",
	 .help = "leave out what matches, see Patterns"},
	{.name = "include",
	 .letter = 'i',
	 .type = OPT_LIST,
	 .offset = OFFSET(include),
	 .value = "PATTERN",
	 .help = "take only what matches, see Patterns"},
	{.name = "exclude-file",
	 .type = OPT_LIST,
	 .offset = OFFSET(exclude_files),
	 .value = "FILE",
	 .complete = "file",
	 .help = "read patterns to leave out from FILE, one a line",
	 .more = "Lines that begin with # are comments, a ! in front takes back what an "
		 "earlier line left out."},
	{.name = "exclude-caches",
	 .type = OPT_FLAG,
	 .offset = OFFSET(exclude_caches),
	 .help = "leave out the content of directories that hold a CACHEDIR.TAG"},
	{.name = "one-file-system",
	 .letter = 'x',
	 .type = OPT_FLAG,
	 .offset = OFFSET(one_file_system),
	 .help = "do not descend into other file systems"},
	{.name = "compression",
	 .type = OPT_COUNT,
	 .offset = OFFSET(compression),
	 .min = 1,
	 .max = 19,
	 .value = "LEVEL",
	 .help = "zstd level, 3 when not given"},
	{.name = "threads",
	 .type = OPT_COUNT,
	 .offset = OFFSET(threads),
	 .min = 1,
	 .max = 256,
	 .value = "N",
	 .help = "worker threads, one a processor when not given; no more than "
		 "--memory allows (8MiB each, 20MiB at high compression)"},
	{.name = "memory",
	 .type = OPT_SIZE,
	 .offset = OFFSET(memory),
	 .min = JOB_MEMORY_MIN,
	 .value = "SIZE",
	 .help = "memory to use, 64MiB when not given"},
	{.name = "limit-upload",
	 .type = OPT_RATE,
	 .offset = OFFSET(limit_upload),
	 .min = JOB_UPLOAD_MIN,
	 .value = "RATE",
	 .help = "most bytes a second to the repository, for example 10MiB/s; no limit "
		 "when not given"},
	{.name = "cache-dir",
	 .type = OPT_TEXT,
	 .offset = OFFSET(cache_dir),
	 .value = "DIR",
	 .env = "QUIPU_CACHE_DIR",
	 .complete = "dir",
	 .help = "local cache; losing it costs time only"},
	{.name = "dry-run",
	 .letter = 'n',
	 .type = OPT_FLAG,
	 .offset = OFFSET(dry_run),
	 .help = "read everything, write nothing, tell what would be stored"},
	{0},
};

const struct cmd_section run_sections[] = {
	{"Patterns", cli_pattern_text},
	{"Configuration",
	 "The file that --config names is TOML. Every verb takes the repository from it, "
	 "and `run` the jobs: those that are named, else all of them in turn. What a job "
	 "may hold is what the options can say; docs/configuration.md (installed in "
	 "share/doc/quipu) has an example of everything, hooks and metrics included.\n"
	 "\n"
	 "What the command line says besides goes before what a job says: --compression, "
	 "--threads, --memory and --limit-upload, for every job, and --tag, which adds "
	 "to the job's tags. --dry-run and --cache-dir hold for every job too. Options "
	 "of a source, such as --stream or --exclude, are refused: a job has its own.\n"
	 "\n"
	 "  [repository]\n"
	 "  url = \"file:///srv/backup\"\n"
	 "  key = \"/etc/quipu/writer.key\"\n"
	 "\n"
	 "  [metrics]\n"
	 "  textfile = \"/var/lib/node_exporter/quipu.prom\"\n"
	 "\n"
	 "  [[job]]\n"
	 "  name = \"etc\"\n"
	 "  stream = \"files/etc\"\n"
	 "  files = [\"/etc\"]\n"
	 "  exclude = [\"*.bak\", \"/etc/ssl/private\"]\n"
	 "\n"
	 "  [[job]]\n"
	 "  name = \"orders\"\n"
	 "  stream = \"db/orders\"\n"
	 "  postgres = \"service=prod dbname=orders\"\n"
	 "  tags = { team = \"shop\" }\n"
	 "  limit_upload = \"10MiB/s\"\n"
	 "  hooks.failed = ['logger -p user.err \"$QUIPU_JOB: $QUIPU_ERROR\"']\n"},
	{NULL, NULL},
};

bool run_options_has_source(const struct run_options *options)
{
	return options->files || options->files_from0 != NULL ||
	       options->stdin_name != NULL || options->command != NULL ||
	       options->postgres != NULL;
}

/* The first one given of the options that only a source of files knows, or NULL. */
static const char *given_for_files(const struct run_options *options)
{
	if (strings_count(&options->exclude) > 0)
		return "exclude";
	if (strings_count(&options->include) > 0)
		return "include";
	if (strings_count(&options->exclude_files) > 0)
		return "exclude-file";
	if (options->exclude_caches)
		return "exclude-caches";
	return options->one_file_system ? "one-file-system" : NULL;
}

/* A snapshot has one value of a key. */
static int check_tags(const struct strings *tags, struct err *err)
{
	char shown[QUOTE_TEXT_MAX];

	for (size_t i = 0; i < strings_count(tags); i++) {
		const char *tag = strings_at(tags, i);
		size_t len = strcspn(tag, "=");

		for (size_t k = 0; k < i; k++)
			if (strncmp(strings_at(tags, k), tag, len) == 0 &&
			    strcspn(strings_at(tags, k), "=") == len)
				return err_set(err, ERR_USAGE, "tag %s is given twice",
					       quote_text(slice_of(tag, len), shown));
	}
	return 0;
}

int run_options_check_configured(const struct run_options *options, struct err *err)
{
	const char *name = options->stream != NULL ? "stream" : given_for_files(options);

	if (name == NULL)
		return check_tags(&options->tags, err);
	(void)err_set(err, ERR_USAGE,
		      "--%s does not hold for the jobs of a configuration", name);
	return err_hint(err, "write it into the job, or name a source (--files, --stdin, "
			     "--command, --postgres)");
}

struct config_run_settings run_options_for_all(const struct run_options *options)
{
	return (struct config_run_settings){
		.tags = &options->tags,
		.compression = options->compression,
		.threads = options->threads,
		.memory = options->memory,
		.limit_upload = options->limit_upload,
	};
}

static int check_sources(const struct run_options *options,
			 const struct strings *operands, struct err *err)
{
	int n = 0;

	n += options->files || options->files_from0 != NULL;
	n += options->stdin_name != NULL;
	n += options->command != NULL;
	n += options->postgres != NULL;
	if (n > 1)
		return err_set(err, ERR_USAGE,
			       "--files, --stdin, --command and --postgres "
			       "exclude each other");
	if (!options->files && options->files_from0 == NULL &&
	    given_for_files(options) != NULL)
		return err_set(err, ERR_USAGE, "--%s belongs to --files",
			       given_for_files(options));
	if (options->files && strings_count(operands) == 0)
		return err_set(err, ERR_USAGE, "--files expects at least one path");
	if (options->command != NULL && strings_count(operands) != 1)
		return err_set(
			err, ERR_USAGE,
			"--command CMD NAME expects one file name after the command");
	if (!options->files && options->command == NULL && strings_count(operands) > 0)
		return err_set(err, ERR_USAGE, "unexpected operand %s",
			       strings_at(operands, 0));
	if (options->stream == NULL) {
		(void)err_set(err, ERR_USAGE, "no stream is named");
		return err_hint(err,
				"give --stream NAME, for example --stream files/etc");
	}
	if (options->command != NULL &&
	    stream_source_command_check(options->command, err) < 0)
		return err_wrap(err, "--command");
	if (check_tags(&options->tags, err) < 0)
		return -1;
	return stream_name_check(options->stream, err);
}

static void copy_strings(struct strings *to, const struct strings *from)
{
	strings_init(to);
	for (size_t i = 0; i < strings_count(from); i++)
		strings_add(to, strings_at(from, i));
}

int run_options_job(const struct run_options *options, const struct strings *operands,
		    struct config_job *ret_job, struct err *err)
{
	const struct strings none = {.vec = {.elem_len = sizeof(char *)}};
	struct config_job job = {0};

	if (check_sources(options, operands, err) < 0)
		return -1;
	job.stream = mem_strdup(options->stream);
	copy_strings(&job.files, options->files ? operands : &none);
	job.files_from0 = mem_strdup(options->files_from0);
	job.command = mem_strdup(options->command);
	job.postgres = mem_strdup(options->postgres);
	job.file_name = mem_strdup(options->command != NULL ? strings_at(operands, 0)
							    : options->stdin_name);
	copy_strings(&job.exclude, &options->exclude);
	copy_strings(&job.include, &options->include);
	copy_strings(&job.exclude_files, &options->exclude_files);
	strings_init(&job.tags);
	job.exclude_caches = options->exclude_caches;
	job.one_file_system = options->one_file_system;
	*ret_job = job;
	return 0;
}

void run_options_job_release(struct config_job *job)
{
	mem_free(job->stream);
	mem_free(job->files_from0);
	mem_free(job->command);
	mem_free(job->postgres);
	mem_free(job->file_name);
	strings_release(&job->files);
	strings_release(&job->exclude);
	strings_release(&job->include);
	strings_release(&job->exclude_files);
	strings_release(&job->tags);
}
