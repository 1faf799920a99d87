/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A security label provider "quipu_test" that accepts every label, as a module for PostgreSQL
 * 15's shared_preload_libraries. Debian packages none that works without SELinux, and the
 * server's headers are in a package that nothing else here needs; so what a module has to
 * declare is declared by hand: the block that the server compares, and one function of it.
 */
#include <stddef.h>

struct object_address;
typedef void check_label_fn(const struct object_address *object, const char *label);

struct module_magic {
	int len, version, max_arguments, max_keys, name_len, float8_by_value;
	char abi[32];
};

extern void register_label_provider(const char *name, check_label_fn *check);
const struct module_magic *Pg_magic_func(void);
void _PG_init(void);

const struct module_magic *Pg_magic_func(void)
{
	static const struct module_magic magic = {sizeof(magic), 1500, 100, 32, 64, 1,
						  "PostgreSQL"};

	return &magic;
}

static void accept_label(const struct object_address *object, const char *label)
{
	(void)object;
	(void)label;
}

void _PG_init(void)
{
	register_label_provider("quipu_test", accept_label);
}
