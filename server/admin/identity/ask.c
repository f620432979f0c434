/* From the form of a request to the question for the key helper. Runs in
 * turnpike-admin. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "admin/identity/parts.h"

enum { DAYS_DEFAULT = 1825, DAYS_MAX = 3650, DNS_MAX = 253, LABEL_MAX = 63, COMMON_NAME_MAX = 64 };

/* Words of the API in the order of enum tp_key_type; the first is the form's default. */
static const char *const key_types[] = {"rsa-2048", "rsa-3072", "rsa-4096", "ec-p256", "ec-p384"};
static const char *const hashes[] = {"sha256", "sha384"};
static const char *const distributions[] = {"this-server", "multi-server"};

/* What is being read, with where the first mistake goes. */
struct form {
	struct tp_identity_call *k;
	const json_t *body;
	struct tp_msg_key_spec *spec;
	bool bad;
};

static void refuse(struct form *f, const char *member, const char *fmt, ...) TP_PRINTF(3, 4);

static void refuse(struct form *f, const char *member, const char *fmt, ...)
{
	char text[512], path[64];
	va_list ap;

	if (f->bad)
		return;
	f->bad = true;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	snprintf(path, sizeof(path), "/%s", member);
	tp_http_reply_error(f->k->res, 400, "invalid-value", path, "%s", text);
}

static uint8_t read_word(struct form *f, const char *member, const char *const *words, size_t count)
{
	const json_t *value = json_object_get(f->body, member);

	if (!value)
		return 0;
	for (size_t i = 0; i < count; i++)
		if (json_is_string(value) && !strcmp(json_string_value(value), words[i]))
			return (uint8_t)i;
	refuse(f, member, "%s is one of %s, %s, ...", member, words[0], words[1]);
	return 0;
}

static bool read_flag(struct form *f, const char *member, bool otherwise)
{
	const json_t *value = json_object_get(f->body, member);

	if (value && !json_is_boolean(value))
		refuse(f, member, "%s is true or false.", member);
	return value ? json_is_true(value) : otherwise;
}

/* A part of the subject. */
static void read_part(struct form *f, const char *member, char *dst, size_t size)
{
	const json_t *value = json_object_get(f->body, member);

	if (!value)
		return;
	dst[0] = '\0';
	if (!json_is_string(value) || !tp_text_copy(dst, size, json_string_value(value)))
		refuse(f, member, "%s is a text of at most %zu bytes.", member, size - 1);
	else
		for (const char *p = dst; *p; p++)
			if ((unsigned char)*p < ' ' || *p == 0x7f)
				refuse(f, member, "%s may not hold control characters.", member);
}

/* ------------------------------------------------------------------------ names */

static bool is_dns_name(const char *name)
{
	size_t len = strlen(name);

	if (!len || len > DNS_MAX)
		return false;
	for (const char *at = name;; at++) {
		size_t n = strspn(
			at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_");

		if (!n || n > LABEL_MAX || at[0] == '-' || at[n - 1] == '-')
			return false;
		at += n;
		if (*at != '.')
			return !*at;
	}
}

static void add_dns(struct form *f, const char *member, const char *name)
{
	struct tp_msg_key_spec *s = f->spec;

	for (uint32_t i = 0; i < s->dns_names_count; i++)
		if (!strcasecmp(s->dns_names[i].name, name))
			return;
	if (!is_dns_name(name))
		refuse(f, member, "'%.200s' is not a DNS name.", name);
	else if (s->dns_names_count == TP_REQUEST_DNS_MAX)
		refuse(f, member, "A request has at most %d DNS names.", TP_REQUEST_DNS_MAX);
	else
		tp_text_copy(s->dns_names[s->dns_names_count++].name, sizeof(s->dns_names[0].name),
			     name);
}

static void add_ip(struct form *f, const char *text)
{
	struct tp_msg_key_spec *s = f->spec;

	for (uint32_t i = 0; i < s->ip_names_count; i++)
		if (!strcmp(s->ip_names[i].name, text))
			return;
	if (s->ip_names_count < TP_REQUEST_IP_MAX)
		tp_text_copy(s->ip_names[s->ip_names_count++].name, sizeof(s->ip_names[0].name),
			     text);
}

/* A .txt file: names apart by anything that is in no name; # starts a remark. */
static void add_listed(struct form *f, const char *text)
{
	char name[DNS_MAX + 2];

	while (*text && !f->bad) {
		size_t n = strcspn(text, " \t\r\n,;#");

		if (n >= sizeof(name)) {
			refuse(f, "other-domains", "'%.60s...' is not a DNS name.", text);
		} else if (n) {
			tp_text_copy_span(name, sizeof(name), (struct tp_span){text, n});
			add_dns(f, "other-domains", name);
		}
		text += n;
		if (*text == '#')
			text += strcspn(text, "\r\n");
		text += strspn(text, " \t\r\n,;");
	}
}

static void add_others(struct form *f)
{
	const json_t *others = json_object_get(f->body, "other-domains");
	const json_t *name;
	size_t i;

	if (json_is_string(others)) {
		const char *text = json_string_value(others);

		/* Editors of some systems put a mark in front. */
		add_listed(f, strncmp(text, "\xef\xbb\xbf", 3) ? text : text + 3);
		return;
	}
	if (others && !json_is_array(others))
		refuse(f, "other-domains",
		       "other-domains is an array of names or a text that lists them.");
	json_array_foreach(others, i, name)
	{
		if (json_is_string(name))
			add_dns(f, "other-domains", json_string_value(name));
		else
			refuse(f, "other-domains", "other-domains holds names only.");
	}
}

/* ------------------------------------------------------------------- automatic names */

struct automatic {
	char host_name[256];
	char common_name[256];
	char multi_common_name[256];
	char parent[256];  /* "" = none */
	json_t *addresses; /* array of texts */
};

static void add_address(json_t *list, const json_t *value)
{
	if (json_is_string(value))
		json_array_append(list, (json_t *)value);
}

static void read_automatic(struct tp_config *config, struct automatic *a)
{
	json_t *host = tp_config_get(config, "candidate/turnpike-system:system/host-name", NULL);
	json_t *networks = tp_config_get(config, "candidate/turnpike-system:system/network", NULL);
	const char *dot;
	json_t *network;
	size_t i;

	memset(a, 0, sizeof(*a));
	tp_text_copy(a->host_name, sizeof(a->host_name),
		     json_is_string(host) ? json_string_value(host) : "");
	dot = strchr(a->host_name, '.');
	if (dot && strchr(dot + 1, '.'))
		tp_text_copy(a->parent, sizeof(a->parent), dot + 1);
	if (strlen(a->host_name) <= COMMON_NAME_MAX)
		tp_text_copy(a->common_name, sizeof(a->common_name), a->host_name);
	/* "edge.example.com" for all of them is "edge-ms.example.com" (row 76). */
	if (strlen(a->host_name) + 3 <= COMMON_NAME_MAX)
		snprintf(a->multi_common_name, sizeof(a->multi_common_name), "%.*s-ms%s",
			 (int)strcspn(a->host_name, "."), a->host_name, dot ? dot : "");
	a->addresses = json_array();
	json_array_foreach(networks, i, network)
	{
		add_address(a->addresses, json_object_get(network, "address"));
		add_address(a->addresses, json_object_get(network, "advertised-address"));
	}
	json_decref(host);
	json_decref(networks);
}

json_t *tp_identity_defaults_json(struct tp_config *config)
{
	struct automatic a;

	read_automatic(config, &a);
	return json_pack("{s:s, s:s, s:[s], s:o, s:o}", "common-name", a.common_name,
			 "multi-server-common-name", a.multi_common_name, "automatic-names",
			 a.host_name, "addresses", a.addresses, "parent-domain",
			 a.parent[0] ? json_string(a.parent) : json_null());
}

static void fill_names(struct form *f, bool multi)
{
	struct automatic a;
	const json_t *address;
	size_t i;

	read_automatic(f->k->all->config, &a);
	tp_text_copy(f->spec->common_name, sizeof(f->spec->common_name),
		     multi ? a.multi_common_name : a.common_name);
	read_part(f, "common-name", f->spec->common_name, sizeof(f->spec->common_name));
	if (read_flag(f, "automatic-names", true) && a.host_name[0])
		add_dns(f, "automatic-names", a.host_name);
	/* What peers are to check must stand among the names (row 76). */
	if (is_dns_name(f->spec->common_name))
		add_dns(f, "common-name", f->spec->common_name);
	if (read_flag(f, "parent-domain", false)) {
		if (a.parent[0])
			add_dns(f, "parent-domain", a.parent);
		else
			refuse(f, "parent-domain", "The host name has no parent domain.");
	}
	if (read_flag(f, "addresses", false))
		json_array_foreach(a.addresses, i, address) add_ip(f, json_string_value(address));
	add_others(f);
	json_decref(a.addresses);
}

/* --------------------------------------------------------------------- whole form */

static void fill_subject(struct form *f)
{
	struct tp_msg_key_spec *s = f->spec;

	read_part(f, "organization", s->organization, sizeof(s->organization));
	read_part(f, "organizational-unit", s->organizational_unit, sizeof(s->organizational_unit));
	read_part(f, "locality", s->locality, sizeof(s->locality));
	read_part(f, "state", s->state, sizeof(s->state));
	read_part(f, "country", s->country, sizeof(s->country));
	if (s->country[0] && (strlen(s->country) != 2 || !isupper((unsigned char)s->country[0]) ||
			      !isupper((unsigned char)s->country[1])))
		refuse(f, "country", "The country is two capital letters, for example US.");
}

static void fill_renewal(struct form *f, char **like)
{
	*like = tp_identity_chain(f->k->all->config, "running", f->k->info.id);
	if (!*like) {
		refuse(f, "renew", "There is no certificate to renew.");
		return;
	}
	f->spec->input = (const uint8_t *)*like;
	f->spec->input_len = (uint32_t)strlen(*like);
}

static void fill_days(struct form *f)
{
	const json_t *days = json_object_get(f->body, "days");

	f->spec->days = DAYS_DEFAULT;
	if (days && (!json_is_integer(days) || json_integer_value(days) < 1 ||
		     json_integer_value(days) > DAYS_MAX))
		refuse(f, "days", "days is a number from 1 to %d.", DAYS_MAX);
	else if (days)
		f->spec->days = (uint16_t)json_integer_value(days);
}

bool tp_identity_read_request(struct tp_identity_call *k, const json_t *body,
			      struct tp_msg_key_ask *ask, char distribution[16], char **like)
{
	struct form f = {.k = k, .body = body, .spec = &ask->spec[0]};
	uint8_t spread = read_word(&f, "distribution", distributions, 2);
	struct tp_msg_key_spec *s = f.spec;

	*like = NULL;
	tp_text_copy(distribution, 16, distributions[spread]);
	tp_text_copy(ask->identity, sizeof(ask->identity), k->info.id);
	ask->spec_count = 1;
	s->dns_names = calloc(TP_REQUEST_DNS_MAX, sizeof(*s->dns_names));
	s->ip_names = calloc(TP_REQUEST_IP_MAX, sizeof(*s->ip_names));
	if (!s->dns_names || !s->ip_names) {
		tp_http_reply_failure(k->res, TP_NOMEM, NULL);
		return false;
	}
	s->type = read_word(&f, "key-type", key_types, 5);
	s->hash = read_word(&f, "hash", hashes, 2);
	/* Whatever side it serves, authorities that issue both shall do so. */
	s->server_auth = read_flag(&f, "server-auth", k->info.server);
	s->client_auth = read_flag(&f, "client-auth", k->info.client);
	if (!s->server_auth && !s->client_auth)
		refuse(&f, "server-auth", "Ask for the purpose of servers, of clients, or both.");
	fill_days(&f);
	if (read_flag(&f, "renew", false)) {
		fill_renewal(&f, like);
	} else {
		fill_subject(&f);
		fill_names(&f, spread == 1);
	}
	return !f.bad;
}

/* ------------------------------------------------------------------- the question */

bool tp_identity_ask(struct tp_identity_call *k, struct tp_msg_key_ask *ask,
		     struct tp_msg_key_answer *answer)
{
	enum tp_err err = tp_bus_key_ask(k->all->bus, ask, answer);
	enum tp_err said = err == TP_OK ? (enum tp_err)answer->err : TP_OK;

	if (err == TP_OK && said == TP_OK)
		return true;
	if (err != TP_OK)
		tp_http_reply_failure(k->res, err, NULL);
	else if (said == TP_CONFLICT)
		tp_http_reply_error(k->res, 409, "in-use", NULL, "%s", answer->text);
	else if (said == TP_INTERNAL || said == TP_NOMEM || said == TP_IO)
		tp_http_reply_error(k->res, 500, "operation-failed", NULL, "%s", answer->text);
	else
		tp_http_reply_error(k->res, 400, "invalid-value",
				    said == TP_AUTH ? "/passphrase" : NULL, "%s", answer->text);
	if (err == TP_OK)
		tp_bus_key_answer_fini(answer);
	return false;
}
