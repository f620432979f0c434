/* What RESTCONF says of itself: its root, and the modules behind it as ietf-yang-library
 * (RFC 8040 section 3.3, RFC 8525). Runs in turnpike-admin, any thread. */
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#include "admin/config/state.h"
#include "core/text.h"

#define VERSION "2019-01-04" /* of ietf-yang-library */

enum { MODULES_MAX = 64 };

json_t *tp_config_restconf_json(void)
{
	return json_pack("{s:{s:{}, s:{}, s:s}}", "ietf-restconf:restconf", "data", "operations",
			 "yang-library-version", VERSION);
}

json_t *tp_config_library_version_json(void)
{
	return json_pack("{s:s}", "ietf-restconf:yang-library-version", VERSION);
}

static json_t *module_json(const struct tp_model_module *m)
{
	json_t *row = json_pack("{s:s, s:s}", "name", m->name, "namespace", m->uri);

	/* An imported module is known by name and revision; RFC 8525 wants "" for none. */
	if (m->revision[0] || m->imported)
		json_object_set_new(row, "revision", json_string(m->revision));
	return row;
}

/* Another one for each other set of modules, and for the same names with other contents. */
static json_t *content_id(const struct tp_model *model, const json_t *set)
{
	char *text = json_dumps(set, JSON_COMPACT | JSON_SORT_KEYS);
	const char *schema = tp_model_schema(model);
	uint8_t both[2 * SHA256_DIGEST_LENGTH], hash[SHA256_DIGEST_LENGTH];
	char hex[2 * SHA256_DIGEST_LENGTH + 1];

	if (!text)
		return NULL;
	SHA256((const unsigned char *)text, strlen(text), both);
	SHA256((const unsigned char *)schema, strlen(schema), both + SHA256_DIGEST_LENGTH);
	SHA256(both, sizeof(both), hash);
	tp_text_write_hex(hex, hash, 16);
	free(text);
	return json_string(hex);
}

json_t *tp_config_library_json(const struct tp_model *model)
{
	struct tp_model_module modules[MODULES_MAX];
	size_t count = tp_model_modules(model, modules, MODULES_MAX);
	json_t *own = json_array(), *imported = json_array(), *set;

	for (size_t i = 0; i < count; i++)
		json_array_append_new(modules[i].imported ? imported : own, module_json(&modules[i]));
	set = json_pack("{s:s, s:o, s:o}", "name", "turnpike", "module", own, "import-only-module", imported);
	return json_pack("{s:{s:[o], s:[{s:s, s:[s]}], s:[{s:s, s:s}, {s:s, s:s}], s:o}}",
			 "ietf-yang-library:yang-library", "module-set", set, "schema", "name", "turnpike",
			 "module-set", "turnpike", "datastore", "name", "ietf-datastores:running", "schema",
			 "turnpike", "name", "ietf-datastores:candidate", "schema", "turnpike", "content-id",
			 content_id(model, set));
}
