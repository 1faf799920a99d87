/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/progress.h"

#include <stddef.h>

void progress_init(struct progress *progress)
{
	atomic_init(&progress->files, 0);
	atomic_init(&progress->bytes, 0);
	atomic_init(&progress->expected_files, 0);
	atomic_init(&progress->expected_bytes, 0);
	atomic_init(&progress->new_bytes, 0);
	atomic_init(&progress->stored_bytes, 0);
	atomic_init(&progress->warnings, 0);
	atomic_init(&progress->phase, "");
}

void progress_add(struct progress *progress, uint64_t files, uint64_t bytes)
{
	if (progress == NULL)
		return;
	atomic_fetch_add(&progress->files, files);
	atomic_fetch_add(&progress->bytes, bytes);
}

void progress_expect(struct progress *progress, uint64_t files, uint64_t bytes)
{
	if (progress == NULL)
		return;
	atomic_fetch_add(&progress->expected_files, files);
	atomic_fetch_add(&progress->expected_bytes, bytes);
}

void progress_stored(struct progress *progress, uint64_t new_bytes, uint64_t stored_bytes)
{
	if (progress == NULL)
		return;
	atomic_fetch_add(&progress->new_bytes, new_bytes);
	atomic_fetch_add(&progress->stored_bytes, stored_bytes);
}

void progress_phase(struct progress *progress, const char *phase)
{
	if (progress != NULL)
		atomic_store(&progress->phase, phase);
}
