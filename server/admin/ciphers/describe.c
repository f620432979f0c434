/* TLS policies as JSON. Runs in turnpike-admin's workers. */
#include "admin/ciphers/describe.h"

#include <stdlib.h>
#include <string.h>

#include "admin/http/router.h"

static const char *const side_names[] = {"inbound", "outbound"};

bool tp_cipher_has_side(enum tp_tls_service service, enum tp_tls_side side)
{
	const struct tp_tls_service_info *info = tp_tls_service_info(service);

	return side == TP_TLS_INBOUND ? info->server : info->client;
}

/* NULL: not there. */
static const char *member(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

/* The list of one side: services that also connect have one for each direction. */
static const char *list_of(const json_t *object, enum tp_tls_service service, enum tp_tls_side side)
{
	if (tp_tls_service_info(service)->client)
		object = json_object_get(object, side_names[side]);
	return member(object, "ciphers");
}

enum tp_err tp_cipher_settings_read(enum tp_tls_service service, const json_t *object,
				    struct tp_cipher_settings *out, struct tp_diag *diag)
{
	const char *preset = member(object, "preset"), *least = member(object, "minimum-version");
	struct tp_cipher_settings s = {service, TP_TLS_RECOMMENDED, TP_TLS_1_2, {{0}}};

	if (preset && !tp_tls_preset_find(preset, &s.preset))
		return tp_fail(diag, TP_FORMAT, "preset", "There is no such preset.");
	if (least && !tp_tls_version_find(least, &s.least))
		return tp_fail(diag, TP_FORMAT, "minimum-version", "There is no such version.");
	for (int side = TP_TLS_INBOUND; side <= TP_TLS_OUTBOUND; side++) {
		const char *list = list_of(object, service, (enum tp_tls_side)side);
		struct tp_tls_policy *p = &s.sides[side];

		tp_tls_policy_preset(service, (enum tp_tls_side)side, s.preset, p);
		p->least = s.least;
		if (s.preset == TP_TLS_CUSTOM && list)
			p->ciphers = list;
		if (s.preset == TP_TLS_CUSTOM && member(object, "ciphersuites"))
			p->ciphersuites = member(object, "ciphersuites");
	}
	*out = s;
	return TP_OK;
}

static json_t *suite_json(const struct tp_tls_suite *s)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:s?}", "name", s->name, "standard", s->standard,
			 "protocol", s->protocol, "exchange", s->exchange, "authentication",
			 s->authentication, "encryption", s->encryption, "bits", (int)s->bits, "weak", s->weak);
}

/* "inbound/ciphers" as below tls/service/<name>. */
static json_t *refusal_json(enum tp_tls_service service, enum tp_tls_side side, const struct tp_diag *diag)
{
	bool own = !strcmp(diag->where, "ciphers") && tp_tls_service_info(service)->client;
	json_t *path = own ? json_sprintf("%s/%s", side_names[side], diag->where) : json_string(diag->where);

	return json_pack("{s:o, s:o}", "setting", path, "text", tp_json_text(diag->text));
}

static enum tp_err expand(const struct tp_cipher_settings *s, enum tp_tls_side side,
			  struct tp_tls_suite **list, size_t *count, struct tp_diag *diag)
{
	if (s->preset == TP_TLS_DISA && s->least < TP_TLS_1_2)
		return tp_fail(diag, TP_FORMAT, "minimum-version",
			       "The DISA preset allows TLS 1.2 and TLS 1.3 only.");
	return tp_tls_policy_expand(&s->sides[side], side, list, count, diag);
}

static json_t *side_json(const struct tp_cipher_settings *s, enum tp_tls_side side)
{
	const struct tp_tls_policy *p = &s->sides[side];
	struct tp_tls_suite *list = NULL;
	struct tp_diag diag = {0};
	json_t *suites = json_array();
	size_t count = 0;
	enum tp_err err = expand(s, side, &list, &count, &diag);

	for (size_t i = 0; i < count; i++)
		json_array_append_new(suites, suite_json(&list[i]));
	free(list);
	return json_pack("{s:s, s:o, s:o, s:s, s:o, s:o}", "side", side_names[side], "ciphers",
			 tp_json_text(p->ciphers), "ciphersuites", tp_json_text(p->ciphersuites), "groups",
			 p->groups, "suites", suites, "refused",
			 err == TP_OK ? json_null() : refusal_json(s->service, side, &diag));
}

json_t *tp_cipher_settings_json(const struct tp_cipher_settings *s)
{
	json_t *sides = json_array();
	const char *warning = NULL;

	for (int side = TP_TLS_INBOUND; side <= TP_TLS_OUTBOUND; side++) {
		if (tp_cipher_has_side(s->service, (enum tp_tls_side)side))
			json_array_append_new(sides, side_json(s, (enum tp_tls_side)side));
	}
	if (s->least < TP_TLS_1_2)
		warning = "TLS 1.0 and 1.1 are insecure. With them, short keys and old signatures of other "
			  "systems are accepted, too, and alarm 40020 is raised until the minimum is TLS 1.2 "
			  "again.";
	return json_pack("{s:s, s:s, s:s?, s:o}", "preset", tp_tls_preset_name(s->preset), "minimum-version",
			 tp_tls_version_name(s->least), "warning", warning, "sides", sides);
}
