/* Certificate revocation lists as sealed files in memory: reading them. Runs in sip and
 * admin, on whichever thread shakes hands. */
#include "tls/crl_index.h"

#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "core/bytes.h"
#include "os/memfd.h"

enum {
	SERIAL_MAX = TP_CRL_SERIAL_KEY - 1,
	NEGATIVE = 0x80,
	LONG = 0x7f, /* as length: what follows is the start of a hash */
	COMPARED = 2 + TP_CRL_SERIAL_KEY,
	REMOVE_FROM_CRL = 8, /* reason of an entry of a delta that takes back another */
};

struct tp_crl_index {
	const uint8_t *base;
	size_t len;
	void *mapping; /* the same as base; NULL: the bytes are somebody else's */
	uint32_t lists;
	enum tp_crl_source source;
	bool deltas; /* it holds some */
};

/* A list's record, read. Every part lies within the file. */
struct record {
	const uint8_t *issuer; /* hash */
	int64_t this_update;
	int64_t next_update;
	uint32_t flags;
	uint32_t entry_count;
	const uint8_t *entries;
	uint32_t other_count;
	const uint8_t *others;
	uint32_t point_count;
	const uint8_t *points;
	struct tp_span name;
	uint64_t number; /* both plus one; 0: none */
	uint64_t base;
};

void tp_crl_serial_key(const uint8_t *content, size_t len, uint8_t key[TP_CRL_SERIAL_KEY])
{
	bool negative = len && content[0] & 0x80;

	memset(key, 0, TP_CRL_SERIAL_KEY);
	while (!negative && len && content[0] == 0) {
		content++;
		len--;
	}
	if (len > SERIAL_MAX) {
		uint8_t hash[SHA256_DIGEST_LENGTH];

		SHA256(content, len, hash);
		key[0] = LONG;
		memcpy(key + 1, hash, SERIAL_MAX);
	} else {
		key[0] = (uint8_t)len;
		if (len)
			memcpy(key + 1, content, len);
	}
	if (negative)
		key[0] |= NEGATIVE;
}

const char *tp_crl_reason_text(uint8_t reason)
{
	static const char *const texts[] = {
		"unspecified", "keyCompromise",        "cACompromise",
		"affiliationChanged", "superseded",    "cessationOfOperation",
		"certificateHold",    NULL,            "removeFromCRL",
		"privilegeWithdrawn", "aACompromise",
	};

	return reason < sizeof(texts) / sizeof(texts[0]) && texts[reason] ? texts[reason]
									  : "no reason given";
}

/* ------------------------------------------------------------------- opening */

/* `count` things of `size` bytes from `offset` on; NULL when they do not lie within. */
static const uint8_t *part(const struct tp_crl_index *x, uint64_t offset, uint64_t count,
			   uint64_t size)
{
	if (offset > x->len || count > (x->len - offset) / size)
		return NULL;
	return x->base + offset;
}

static bool read_record(const struct tp_crl_index *x, size_t n, struct record *out)
{
	const uint8_t *p = x->base + TP_CRL_HEAD + n * TP_CRL_RECORD;
	uint32_t name_len = tp_load_be32(p + 96);

	out->issuer = p;
	out->this_update = (int64_t)tp_load_be64(p + 32);
	out->next_update = (int64_t)tp_load_be64(p + 40);
	out->flags = tp_load_be32(p + 48);
	out->entry_count = tp_load_be32(p + 52);
	out->entries = part(x, tp_load_be64(p + 56), out->entry_count, TP_CRL_ENTRY);
	out->other_count = tp_load_be32(p + 64);
	out->point_count = tp_load_be32(p + 68);
	out->others = part(x, tp_load_be64(p + 72), out->other_count, TP_CRL_HASH);
	out->points = part(x, tp_load_be64(p + 80), out->point_count, TP_CRL_HASH);
	out->name.p = (const char *)part(x, tp_load_be64(p + 88), name_len, 1);
	out->name.len = name_len;
	out->number = tp_load_be64(p + 104);
	out->base = tp_load_be64(p + 112);
	return out->entries && out->others && out->points && out->name.p &&
	       name_len <= TP_CRL_ISSUER_MAX && out->entry_count <= TP_CRL_ENTRIES_MAX &&
	       out->other_count <= TP_CRL_OTHERS_MAX && out->point_count <= TP_CRL_POINTS_MAX;
}

static const uint8_t *origin_of(const struct tp_crl_index *x, uint32_t *len)
{
	*len = tp_load_be32(x->base + 48);
	return *len <= TP_CRL_ORIGIN_MAX ? part(x, tp_load_be64(x->base + 40), *len, 1) : NULL;
}

static enum tp_err read_head(struct tp_crl_index *x)
{
	uint32_t source;
	uint32_t origin_len;
	struct record r;

	if (x->len < TP_CRL_HEAD || memcmp(x->base, "TPCRLIX1", 8) != 0)
		return TP_FORMAT;
	x->lists = tp_load_be32(x->base + 8);
	source = tp_load_be32(x->base + 12);
	if (x->lists > TP_CRL_LISTS_MAX)
		return TP_LIMIT;
	if (source >= TP_CRL_SOURCES || tp_load_be64(x->base + 16) != x->len ||
	    !part(x, TP_CRL_HEAD, x->lists, TP_CRL_RECORD) || !origin_of(x, &origin_len))
		return TP_FORMAT;
	x->source = (enum tp_crl_source)source;
	for (size_t n = 0; n < x->lists; n++) {
		if (!read_record(x, n, &r))
			return TP_FORMAT;
		x->deltas = x->deltas || r.flags & TP_CRL_DELTA;
	}
	return TP_OK;
}

enum tp_err tp_crl_index_over(const void *bytes, size_t len, struct tp_crl_index **out)
{
	struct tp_crl_index *x = calloc(1, sizeof(*x));
	enum tp_err err;

	if (!x)
		return TP_NOMEM;
	x->base = bytes;
	x->len = len;
	err = read_head(x);
	if (err == TP_OK)
		*out = x;
	else
		free(x);
	return err;
}

enum tp_err tp_crl_index_open(int fd, struct tp_crl_index **out)
{
	void *bytes;
	size_t len;
	enum tp_err err;

	if (!tp_memfd_is_sealed(fd))
		return TP_DENIED;
	err = tp_memfd_map(fd, false, &bytes, &len);
	if (err != TP_OK)
		return err;
	err = tp_crl_index_over(bytes, len, out);
	if (err == TP_OK)
		(*out)->mapping = bytes;
	else
		munmap(bytes, len);
	return err;
}

void tp_crl_index_close(struct tp_crl_index **index)
{
	struct tp_crl_index *x = *index;

	if (!x)
		return;
	if (x->mapping)
		munmap(x->mapping, x->len);
	free(x);
	*index = NULL;
}

/* -------------------------------------------------------------------- asking */

size_t tp_crl_index_lists(const struct tp_crl_index *index)
{
	return index->lists;
}

void tp_crl_index_about(const struct tp_crl_index *index, struct tp_crl_about *out)
{
	struct tp_span origin;
	uint32_t len;

	origin.p = (const char *)origin_of(index, &len);
	origin.len = len;
	out->source = index->source;
	out->made_at = (int64_t)tp_load_be64(index->base + 24);
	out->from_bytes = tp_load_be64(index->base + 32);
	tp_text_copy_span(out->origin, sizeof(out->origin), origin);
}

void tp_crl_index_list(const struct tp_crl_index *index, size_t n, struct tp_crl_list *out)
{
	struct record r;

	memset(out, 0, sizeof(*out));
	if (n >= index->lists || !read_record(index, n, &r))
		return;
	tp_text_copy_span(out->issuer, sizeof(out->issuer), r.name);
	out->this_update = r.this_update;
	out->next_update = r.next_update;
	out->entries = r.entry_count;
	out->flags = r.flags;
}

static const uint8_t *find_entry(const struct record *r, uint16_t issuer, const uint8_t *serial)
{
	uint8_t wanted[COMPARED];
	uint32_t low = 0;
	uint32_t high = r->entry_count;

	tp_store_be16(wanted, issuer);
	memcpy(wanted + 2, serial, TP_CRL_SERIAL_KEY);
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		const uint8_t *entry = r->entries + (size_t)middle * TP_CRL_ENTRY;
		int order = memcmp(entry, wanted, COMPARED);

		if (order == 0)
			return entry;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static bool holds(const uint8_t *hashes, uint32_t count, const uint8_t *hash, uint32_t *at)
{
	for (uint32_t i = 0; i < count; i++)
		if (memcmp(hashes + (size_t)i * TP_CRL_HASH, hash, TP_CRL_HASH) == 0) {
			*at = i;
			return true;
		}
	return false;
}

static bool in_scope(const struct record *r, const struct tp_crl_question *q)
{
	return !(r->flags & TP_CRL_ONLY_ATTRIBUTE) && !(r->flags & TP_CRL_ONLY_USER && q->ca) &&
	       !(r->flags & TP_CRL_ONLY_CA && !q->ca);
}

/* Whether a certificate that is not in the list is good by it (RFC 5280 section 6.3.3). */
static bool silence_counts(const struct record *r, const struct tp_crl_question *q)
{
	uint32_t at;

	if (r->flags & TP_CRL_SOME_REASONS)
		return false;
	if (!(r->flags & TP_CRL_PARTITIONED))
		return true;
	for (uint8_t i = 0; i < q->point_count && i < TP_CRL_POINTS_MAX; i++)
		if (holds(r->points, r->point_count, q->points[i], &at))
			return true;
	return false;
}

static void set_answer(const struct tp_crl_index *x, const struct record *r,
		       enum tp_crl_state state, struct tp_crl_answer *a)
{
	a->state = state;
	a->source = x->source;
	a->this_update = r->this_update;
	a->next_update = r->next_update;
	tp_text_copy_span(a->issuer, sizeof(a->issuer), r->name);
}

/* What the list itself holds about the certificate; NULL: nothing. */
static const uint8_t *entry_of(const struct record *r, const struct tp_crl_question *q)
{
	const uint8_t *entry = NULL;
	uint32_t other;

	if (memcmp(r->issuer, q->issuer, TP_CRL_HASH) == 0)
		entry = find_entry(r, 0, q->serial);
	if (!entry && r->flags & TP_CRL_INDIRECT &&
	    holds(r->others, r->other_count, q->issuer, &other))
		entry = find_entry(r, (uint16_t)(other + 1), q->serial);
	return entry;
}

/* ---------------------------------------------------------------------- deltas */

static bool same_scope(const struct record *a, const struct record *b)
{
	uint32_t at;

	if ((a->flags | TP_CRL_DELTA) != (b->flags | TP_CRL_DELTA) || a->point_count != b->point_count ||
	    memcmp(a->issuer, b->issuer, TP_CRL_HASH) != 0)
		return false;
	for (uint32_t i = 0; i < a->point_count; i++)
		if (!holds(b->points, b->point_count, a->points + (size_t)i * TP_CRL_HASH, &at))
			return false;
	return true;
}

/* RFC 5280 section 5.2.4: it builds on a list that is not newer than this one, and is
 * newer than this one itself. One that has run out changes nothing. */
static bool completes(const struct record *delta, const struct record *whole, int64_t now)
{
	return delta->flags & TP_CRL_DELTA && whole->number && delta->base <= whole->number &&
	       delta->number > whole->number && now <= delta->next_update &&
	       delta->this_update >= whole->this_update && same_scope(delta, whole);
}

/* The newest delta for a whole list; false: there is none. */
static bool newest_delta(const struct tp_crl_index *const *indexes, size_t count,
			 const struct record *whole, const struct tp_crl_question *q, struct record *out)
{
	bool found = false;

	for (size_t i = 0; i < count; i++) {
		if (!indexes[i]->deltas || !(q->sources & 1U << indexes[i]->source))
			continue;
		for (size_t n = 0; n < indexes[i]->lists; n++) {
			struct record r;

			if (read_record(indexes[i], n, &r) && completes(&r, whole, q->now) &&
			    (!found || r.number > out->number)) {
				*out = r;
				found = true;
			}
		}
	}
	return found;
}

/* ------------------------------------------------------------------- one whole list */

static void ask_list(const struct tp_crl_index *x, const struct record *r, const struct record *delta,
		     const struct tp_crl_question *q, struct tp_crl_answer *a)
{
	const uint8_t *entry, *changed;

	if (!in_scope(r, q))
		return;
	entry = entry_of(r, q);
	changed = delta ? entry_of(delta, q) : NULL;
	if (changed)
		entry = changed[COMPARED] == REMOVE_FROM_CRL ? NULL : changed;
	if (entry) {
		set_answer(x, r, TP_CRL_REVOKED, a);
		a->reason = entry[COMPARED];
		a->revoked_at = (int64_t)tp_load_be64(entry + COMPARED + 1);
		return;
	}
	if (memcmp(r->issuer, q->issuer, TP_CRL_HASH) != 0 || !silence_counts(r, q))
		return;
	if (a->state == TP_CRL_NONE || r->this_update > a->this_update)
		set_answer(x, r, r->next_update < q->now ? TP_CRL_EXPIRED : TP_CRL_GOOD, a);
}

void tp_crl_indexes_ask(const struct tp_crl_index *const *indexes, size_t count,
			const struct tp_crl_question *question, struct tp_crl_answer *answer)
{
	struct record r, delta;

	for (size_t i = 0; i < count; i++) {
		if (!(question->sources & 1U << indexes[i]->source))
			continue;
		for (size_t n = 0; n < indexes[i]->lists && answer->state != TP_CRL_REVOKED; n++)
			if (read_record(indexes[i], n, &r) && !(r.flags & TP_CRL_DELTA))
				ask_list(indexes[i], &r,
					 newest_delta(indexes, count, &r, question, &delta) ? &delta : NULL,
					 question, answer);
	}
}

void tp_crl_index_ask(const struct tp_crl_index *index, const struct tp_crl_question *question,
		      struct tp_crl_answer *answer)
{
	tp_crl_indexes_ask(&index, 1, question, answer);
}
