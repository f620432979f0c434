/* JSON bodies of what can be read about the configuration. Runs in turnpike-admin. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "admin/config/state.h"
#include "model/ports.h"
#include "tls/context.h"

json_t *tp_config_time_json(uint64_t unix_ms)
{
	time_t s = (time_t)(unix_ms / 1000);
	struct tm tm;
	char text[64];
	size_t n;

	if (!unix_ms || !gmtime_r(&s, &tm))
		return json_null();
	n = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text + n, sizeof(text) - n, ".%03uZ", (unsigned)(unix_ms % 1000));
	return json_string(text);
}

static json_t *number_json(uint64_t n)
{
	return json_sprintf("%llu", (unsigned long long)n);
}

static json_t *running_json(struct tp_config *c)
{
	struct tp_revision r = {0};

	if (!c->running_number ||
	    tp_store_revision_get(c->store, c->running_number, &r, NULL, NULL) != TP_OK)
		r.number = c->running_number;
	return json_pack("{s:o, s:o, s:s, s:s}", "revision", number_json(r.number), "at",
			 tp_config_time_json(r.at_ms), "author", r.author, "comment", r.comment);
}

static json_t *trial_json(struct tp_config *c)
{
	uint64_t now = tp_config_clock_ms();

	if (!c->trial)
		return json_null();
	return json_pack(
		"{s:o, s:I}", "revision", number_json(c->trial), "left-s",
		(json_int_t)(c->trial_until_ms > now ? (c->trial_until_ms - now + 999) / 1000 : 0));
}

json_t *tp_config_status_json(struct tp_config *c)
{
	struct tp_changes changes = {0};
	size_t count = 0;

	if (c->candidate && tp_tree_diff(c->running, c->candidate, &changes) == TP_OK)
		count = changes.count;
	tp_changes_fini(&changes);
	return json_pack("{s:o, s:I, s:o, s:o}", "running", running_json(c), "changes",
			 (json_int_t)count, "holder",
			 c->candidate ? json_string(c->holder) : json_null(), "trial",
			 trial_json(c));
}

json_t *tp_config_changes_json(const struct tp_changes *changes)
{
	static const char *const ops[] = {"change", "add", "delete"};
	json_t *list = json_array();

	for (size_t i = 0; i < changes->count; i++) {
		const struct tp_change *ch = &changes->list[i];

		json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s?, s:s?, s:b}", "path",
						      ch->path, "label", ch->label, "op",
						      ops[ch->op], "before", ch->before, "after",
						      ch->after, "lockout", ch->lockout));
	}
	return json_pack("{s:o, s:b}", "changes", list, "more", changes->more);
}

json_t *tp_config_revisions_json(struct tp_config *c, uint64_t offset, uint32_t limit)
{
	static const char *const states[] = {"prepared", "committed", "trial", "undone"};
	struct tp_revision *rows = NULL;
	json_t *list = json_array();
	uint64_t total = 0;
	size_t count = 0;

	if (tp_store_revision_list(c->store, false, offset, limit, &rows, &count, &total) != TP_OK)
		count = 0;
	for (size_t i = 0; i < count; i++) {
		const struct tp_revision *r = &rows[i];

		json_array_append_new(
			list, json_pack("{s:o, s:o, s:s, s:s, s:s, s:b, s:I}", "revision",
					number_json(r->number), "at", tp_config_time_json(r->at_ms),
					"author", r->author, "comment", r->comment, "state",
					states[r->state], "running", r->number == c->running_number,
					"changes", (json_int_t)r->changes));
	}
	free(rows);
	return json_pack("{s:I, s:o}", "total", (json_int_t)total, "revisions", list);
}

/* ---------------------------------------------------------------------- identity */

/* "SHA-256 AB:CD:…" */
static json_t *fingerprint_json(const uint8_t sha256[32])
{
	char text[8 + 32 * 3 + 1] = "SHA-256 ";

	for (size_t i = 0; i < 32; i++)
		snprintf(text + 8 + 3 * i, 4, "%02X%s", sha256[i], i < 31 ? ":" : "");
	return json_string(text);
}

static json_t *names_json(char *names)
{
	json_t *list = json_array();
	char *save = NULL;

	for (char *name = strtok_r(names, ",", &save); name; name = strtok_r(NULL, ",", &save))
		json_array_append_new(list, json_string(name + strspn(name, " ")));
	return list;
}

/* The last certificate of a chain in PEM form. */
static const char *last_certificate(const char *chain)
{
	const char *last = chain;

	for (const char *at = chain; (at = strstr(at, "-----BEGIN CERTIFICATE-----")); at++)
		last = at;
	return last;
}

static json_t *trusted_json(const struct tp_tree *tree)
{
	char *text = NULL;
	json_t *list = json_array();
	json_t *all, *entry;
	size_t i;

	if (tp_tree_get(tree, "turnpike-tls:tls/trusted-ca", TP_PRINT_EXPLICIT, &text, NULL) !=
	    TP_OK)
		return list;
	all = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	free(text);
	json_array_foreach(json_object_get(all, "turnpike-tls:trusted-ca"), i, entry)
	{
		const char *pem = json_string_value(json_object_get(entry, "certificate"));
		struct tp_tls_peer peer = {0};
		bool reads = pem && tp_tls_peer_from_pem(tp_span_of(pem), &peer) == TP_OK;

		json_array_append_new(
			list,
			json_pack("{s:O, s:s, s:o, s:o}", "name", json_object_get(entry, "name"),
				  "subject", reads ? peer.subject : "does not read", "fingerprint",
				  reads ? fingerprint_json(peer.sha256) : json_string(""),
				  "not-after",
				  reads ? tp_config_time_json((uint64_t)peer.not_after * 1000)
					: json_null()));
	}
	json_decref(all);
	return list;
}

json_t *tp_config_identity_json(const struct tp_tree *tree)
{
	const char *chain = tp_tree_value(tree, "turnpike-tls:tls/identity/certificate");
	struct tp_tls_peer leaf = {0};
	struct tp_tls_peer ca = {0};
	char key_type[32];
	const char *last;

	if (!chain || tp_tls_peer_from_pem(tp_span_of(chain), &leaf) != TP_OK)
		return json_pack("{s:n, s:n, s:n, s:n, s:s, s:[], s:n, s:s, s:o}", "certificate",
				 "ca", "ca-fingerprint", "certificate-fingerprint", "subject", "",
				 "names", "not-after", "key-type", "", "trusted",
				 trusted_json(tree));
	last = last_certificate(chain);
	if (tp_tls_peer_from_pem(tp_span_of(last), &ca) != TP_OK)
		ca = leaf;
	return json_pack("{s:s%, s:s, s:o, s:o, s:s, s:o, s:o, s:s, s:o}", "certificate", chain,
			 last > chain ? (size_t)(last - chain) : strlen(chain), "ca", last,
			 "ca-fingerprint", fingerprint_json(ca.sha256), "certificate-fingerprint",
			 fingerprint_json(leaf.sha256), "subject", leaf.subject, "names",
			 names_json(leaf.names), "not-after",
			 tp_config_time_json((uint64_t)leaf.not_after * 1000), "key-type",
			 tp_config_key_type(chain, key_type), "trusted", trusted_json(tree));
}

/* ------------------------------------------------------------------------- ports */

static void add_port(void *arg, const struct tp_port *port)
{
	json_array_append_new(arg, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "protocol",
					     port->protocol, "address", port->address, "port",
					     port->port, "service", port->service, "direction",
					     port->outward ? "out" : "in", "peer", port->peer));
}

json_t *tp_config_ports_json(const struct tp_tree *tree)
{
	json_t *list = json_array();

	tp_tree_each_port(tree, add_port, list);
	return json_pack("{s:o}", "ports", list);
}
