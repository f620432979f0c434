/* What the configuration says about ACME. Runs in turnpike-admin. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/acme/inside.h"
#include "admin/config/inside.h"
#include "admin/identity/identities.h"
#include "os/memfd.h"
#include "tls/context.h"
#include "tls/findings.h"

#define TLS "running/turnpike-tls:tls"

static const char letsencrypt[] = "https://acme-v02.api.letsencrypt.org/directory";
/* In the order of their numbers in ipc/messages.h. */
static const char *const key_types[] = {"rsa-2048", "rsa-3072", "rsa-4096", "ec-p256", "ec-p384"};
static const char *const challenges[] = {"http-01", "dns-01", "tls-alpn-01"};

static void read_text(const json_t *from, const char *name, const char *otherwise, char *dst,
		      size_t size)
{
	const char *text = json_string_value(json_object_get(from, name));

	tp_text_copy(dst, size, text ? text : otherwise);
}

static uint8_t read_word(const json_t *from, const char *name, const char *const *words,
			 size_t count, uint8_t otherwise)
{
	const char *text = json_string_value(json_object_get(from, name));

	for (size_t i = 0; text && i < count; i++)
		if (!strcmp(text, words[i]))
			return (uint8_t)i;
	return otherwise;
}

static void read_lists(const json_t *acme, struct tp_acme_settings *out)
{
	const json_t *value;
	size_t i;

	json_array_foreach(json_object_get(acme, "name"), i, value)
		if (json_is_string(value) && out->name_count < TP_ACME_NAMES_MAX)
			tp_text_copy(out->names[out->name_count++].name, sizeof(out->names[0].name),
				     json_string_value(value));
	json_array_foreach(json_object_get(acme, "accept"), i, value)
		if (json_is_string(value) && out->accept_count < TP_ACME_ACCEPT_MAX)
			tp_text_copy(out->accept[out->accept_count++], sizeof(out->accept[0]),
				     json_string_value(value));
}

/* Nothing set and nothing readable look the same; an identity is always set. */
static bool is_readable(struct tp_acme *a)
{
	json_t *identity = tp_config_get(a->parts.config, TLS "/identity", NULL);

	json_decref(identity);
	return identity != NULL;
}

bool tp_acme_read_settings(struct tp_acme *a, struct tp_acme_settings *out)
{
	const json_t *external;
	const char *ca;
	json_t *acme;

	memset(out, 0, sizeof(*out));
	if (!tp_config_ready(a->parts.config))
		return false;
	acme = tp_config_get_sealed(a->parts.config, TLS "/acme");
	if (!acme && !is_readable(a))
		return false;
	out->enabled = json_is_true(json_object_get(acme, "enabled"));
	read_text(acme, "directory", letsencrypt, out->directory, sizeof(out->directory));
	read_text(acme, "contact", "", out->contact, sizeof(out->contact));
	read_text(acme, "identity", "default", out->identity, sizeof(out->identity));
	read_text(acme, "hook", "", out->hook, sizeof(out->hook));
	external = json_object_get(acme, "external-account");
	read_text(external, "key-id", "", out->key_id, sizeof(out->key_id));
	read_text(external, "hmac", "", out->hmac_sealed, sizeof(out->hmac_sealed));
	out->key_type = read_word(acme, "key-type", key_types, 5, TP_KEY_EC_P256);
	out->challenge = read_word(acme, "challenge", challenges, 3, TP_ACME_HTTP_01);
	out->http_port = (uint16_t)json_integer_value(json_object_get(acme, "http-port"));
	if (!out->http_port)
		out->http_port = 80;
	read_lists(acme, out);
	ca = json_string_value(json_object_get(acme, "directory-ca"));
	out->directory_ca = ca ? strdup(ca) : NULL;
	out->whole = acme ? json_dumps(acme, JSON_COMPACT | JSON_SORT_KEYS) : strdup("");
	json_decref(acme);
	return true;
}

void tp_acme_settings_fini(struct tp_acme_settings *s)
{
	free(s->directory_ca);
	free(s->whole);
	memset(s, 0, sizeof(*s));
}

/* Only CAs that are trusted for everything: one that is trusted for SIP does not vouch for
 * a web server. */
enum tp_err tp_acme_trusted(struct tp_acme *a, const struct tp_acme_settings *s, int *fd)
{
	json_t *list, *entry;
	size_t room = 1, len = 0, i;
	char *all;
	enum tp_err err;

	if (s->directory_ca)
		return tp_memfd_sealed("trusted", s->directory_ca, strlen(s->directory_ca), fd);
	list = tp_config_get(a->parts.config, TLS "/trusted-ca", NULL);
	json_array_foreach(list, i, entry)
		room += json_string_length(json_object_get(entry, "certificate")) + 1;
	all = malloc(room);
	json_array_foreach(list, i, entry)
	{
		const json_t *pem = json_object_get(entry, "certificate");

		if (!all || !json_is_string(pem) || json_array_size(json_object_get(entry, "use")))
			continue;
		memcpy(all + len, json_string_value(pem), json_string_length(pem));
		len += json_string_length(pem);
		all[len++] = '\n';
	}
	json_decref(list);
	err = all ? tp_memfd_sealed("trusted", all, len, fd) : TP_NOMEM;
	free(all);
	return err;
}

/* ---------------------------------------------------------------- the present one */

static void add_name(void *arg, const char *name)
{
	struct tp_acme_settings *s = arg;

	if (!strncmp(name, "DNS:", 4) && s->name_count < TP_ACME_NAMES_MAX)
		tp_text_copy(s->names[s->name_count++].name, sizeof(s->names[0].name), name + 4);
}

static void take_names(const char *pem, struct tp_acme_settings *s)
{
	struct tp_tls_upload *upload = NULL;

	if (tp_tls_upload_read(tp_span_of(pem), &upload, NULL) == TP_OK) {
		tp_tls_upload_order(upload, (struct tp_span){0});
		tp_tls_each_name(tp_tls_upload_certificate(upload, 0), add_name, s);
	}
	tp_tls_upload_free(&upload);
}

static void take_host_name(struct tp_acme *a, struct tp_acme_settings *s)
{
	json_t *host = tp_config_get(a->parts.config, "running/turnpike-system:system/host-name", NULL);

	if (json_is_string(host))
		tp_text_copy(s->names[s->name_count++].name, sizeof(s->names[0].name),
			     json_string_value(host));
	json_decref(host);
}

static bool asked_for_others(const struct tp_acme_settings *s, const struct tp_acme_row *row)
{
	char names[sizeof(row->names)];

	tp_acme_join_names(s, names, sizeof(names));
	return strcmp(names, row->names) != 0;
}

void tp_acme_join_names(const struct tp_acme_settings *s, char *out, size_t size)
{
	size_t at = 0;

	out[0] = '\0';
	for (size_t i = 0; i < s->name_count; i++) {
		int n = snprintf(out + at, size - at, "%s%s", i ? " " : "", s->names[i].name);

		at += n > 0 && (size_t)n < size - at ? (size_t)n : 0;
	}
}

void tp_acme_look(struct tp_acme *a, struct tp_acme_settings *s, const struct tp_acme_row *row,
		  struct tp_acme_facts *f)
{
	char *pem = tp_identity_own_chain(a->parts.config, "running", s->identity);
	bool named = s->name_count > 0;
	struct tp_tls_peer leaf;
	char sha256[65];

	*f = (struct tp_acme_facts){.tried_s = (int64_t)(row->tried_ms / 1000), .failed = row->failed};
	if (pem && !tp_identity_is_temporary(pem) &&
	    tp_tls_peer_from_pem(tp_span_of(pem), &leaf) == TP_OK) {
		tp_text_write_hex(sha256, leaf.sha256, sizeof(leaf.sha256));
		f->has_certificate = true;
		f->by_acme = !strcmp(sha256, row->issued);
		f->not_before = leaf.not_before;
		f->not_after = leaf.not_after;
		if (!named)
			take_names(pem, s);
	}
	if (!s->name_count)
		take_host_name(a, s);
	f->names_changed = named && f->by_acme && asked_for_others(s, row);
	f->settings_changed = !a->tried_whole || !s->whole || strcmp(a->tried_whole, s->whole) != 0;
	free(pem);
}
