/* SRTP indices in shared memory. Runs in turnpike-media. */
#include "media/srtp_state.h"

#include <stdlib.h>
#include <string.h>

#include "core/list.h"
#include "os/random.h"

enum { LAYOUT = 1 };
static const char MAGIC[4] = { 'T', 'P', 'S', 'R' };

struct header {
	char magic[4];
	uint32_t layout;
	uint64_t record_count;
	uint64_t touched; /* records from here on were never used */
};

/* This process's view of one record. */
struct entry {
	struct tp_map_node node; /* by key name, while the record is in use */
	struct tp_list link;     /* free list, while it is not */
	bool claimed;
};

struct tp_srtp_state {
	struct header *header;
	struct tp_srtp_record *records;
	struct entry *entries;
	size_t count;
	struct tp_map by_name;
	struct tp_list free;
};

size_t tp_srtp_state_size(size_t keys)
{
	return sizeof(struct header) + keys * sizeof(struct tp_srtp_record);
}

static enum tp_err check_header(struct header *header, size_t count)
{
	if (header->record_count == 0 && header->layout == 0) {
		memcpy(header->magic, MAGIC, sizeof(MAGIC));
		header->layout = LAYOUT;
		header->record_count = count;
		return TP_OK;
	}
	if (memcmp(header->magic, MAGIC, sizeof(MAGIC)) != 0 || header->layout != LAYOUT ||
	    header->record_count != count || header->touched > count)
		return TP_FORMAT;
	return TP_OK;
}

static enum tp_err index_records(struct tp_srtp_state *s)
{
	for (size_t i = 0; i < s->header->touched; i++) {
		struct tp_srtp_record *r = &s->records[i];
		enum tp_err err;

		if (!r->in_use) {
			tp_list_append(&s->free, &s->entries[i].link);
			continue;
		}
		if (r->slot_count > TP_SRTP_SSRC_MAX)
			return TP_FORMAT;
		err = tp_map_put(&s->by_name, &s->entries[i].node, r->key_name,
				 sizeof(r->key_name));
		if (err)
			return err == TP_EXISTS ? TP_FORMAT : err;
	}
	return TP_OK;
}

enum tp_err tp_srtp_state_new(void *memory, size_t len, struct tp_srtp_state **out)
{
	struct tp_srtp_state *s;
	uint8_t seed[16];
	enum tp_err err;

	if (len < tp_srtp_state_size(1))
		return TP_LIMIT;
	s = calloc(1, sizeof(*s));
	if (!s)
		return TP_NOMEM;
	s->header = memory;
	s->records = (struct tp_srtp_record *)(s->header + 1);
	s->count = (len - sizeof(struct header)) / sizeof(struct tp_srtp_record);
	s->entries = calloc(s->count, sizeof(*s->entries));
	tp_random_bytes(seed, sizeof(seed));
	tp_map_init(&s->by_name, seed, s->count);
	tp_list_init(&s->free);
	err = s->entries ? check_header(s->header, s->count) : TP_NOMEM;
	if (!err)
		err = index_records(s);
	if (err) {
		tp_srtp_state_free(&s);
		return err;
	}
	*out = s;
	return TP_OK;
}

void tp_srtp_state_free(struct tp_srtp_state **state)
{
	if (!*state)
		return;
	tp_map_fini(&(*state)->by_name);
	free((*state)->entries);
	free(*state);
	*state = NULL;
}

static struct tp_srtp_record *record_of(struct tp_srtp_state *s, const struct entry *e)
{
	return &s->records[e - s->entries];
}

/* One given back, else one never touched: pages of the memory exist once used. */
static struct entry *find_free(struct tp_srtp_state *s)
{
	struct tp_list *first = tp_list_first(&s->free);

	if (first)
		return TP_CONTAINER(first, struct entry, link);
	if (s->header->touched == s->count)
		return NULL;
	tp_list_append(&s->free, &s->entries[s->header->touched].link);
	return &s->entries[s->header->touched++];
}

static enum tp_err make_record(struct tp_srtp_state *s, const uint8_t *name, uint64_t session,
			       struct tp_srtp_record **out)
{
	struct entry *e = find_free(s);
	struct tp_srtp_record *r;
	enum tp_err err;

	if (!e)
		return TP_LIMIT;
	r = record_of(s, e);
	memset(r, 0, sizeof(*r));
	memcpy(r->key_name, name, sizeof(r->key_name));
	r->session = session;
	err = tp_map_put(&s->by_name, &e->node, r->key_name, sizeof(r->key_name));
	if (err)
		return err;
	tp_list_remove(&e->link);
	e->claimed = true;
	__atomic_store_n(&r->in_use, 1, __ATOMIC_RELEASE);
	*out = r;
	return TP_OK;
}

enum tp_err tp_srtp_state_claim(struct tp_srtp_state *s,
				const uint8_t name[TP_SRTP_KEY_NAME_BYTES], uint64_t session,
				bool fresh, struct tp_srtp_record **out)
{
	struct tp_map_node *node = tp_map_find(&s->by_name, name, TP_SRTP_KEY_NAME_BYTES);
	struct entry *e;

	if (!node)
		return fresh ? make_record(s, name, session, out) : TP_NOTFOUND;
	e = TP_CONTAINER(node, struct entry, node);
	if (e->claimed)
		return TP_CONFLICT;
	e->claimed = true;
	*out = record_of(s, e);
	return TP_OK;
}

static void drop(struct tp_srtp_state *s, struct entry *e)
{
	struct tp_srtp_record *r = record_of(s, e);

	tp_map_remove(&s->by_name, &e->node);
	__atomic_store_n(&r->in_use, 0, __ATOMIC_RELEASE);
	memset(r, 0, sizeof(*r));
	e->claimed = false;
	tp_list_append(&s->free, &e->link);
}

void tp_srtp_state_release(struct tp_srtp_state *s, struct tp_srtp_record **record)
{
	if (!*record)
		return;
	drop(s, &s->entries[*record - s->records]);
	*record = NULL;
}

size_t tp_srtp_state_drop_unclaimed(struct tp_srtp_state *s)
{
	size_t dropped = 0;

	for (size_t i = 0; i < s->header->touched; i++) {
		if (s->records[i].in_use && !s->entries[i].claimed) {
			drop(s, &s->entries[i]);
			dropped++;
		}
	}
	return dropped;
}

struct tp_srtp_slot *tp_srtp_record_slot(struct tp_srtp_record *r, uint32_t ssrc, bool add)
{
	struct tp_srtp_slot *slot;

	for (uint32_t i = 0; i < r->slot_count; i++)
		if (r->slots[i].ssrc == ssrc)
			return &r->slots[i];
	if (!add || r->slot_count == TP_SRTP_SSRC_MAX)
		return NULL;
	slot = &r->slots[r->slot_count];
	slot->ssrc = ssrc;
	slot->rtcp_next = 0;
	slot->rtp_next = 0;
	__atomic_store_n(&r->slot_count, r->slot_count + 1, __ATOMIC_RELEASE);
	return slot;
}

uint64_t tp_srtp_guess_index(uint64_t next, uint16_t sequence)
{
	uint64_t highest = next ? next - 1 : 0;
	uint64_t cycle = highest >> 16;
	uint16_t low = (uint16_t)highest;

	if (highest <= 0x8000)
		return sequence;
	if (low < 0x8000) {
		if (sequence - low > 0x8000 && cycle > 0)
			cycle--;
	} else if (low - 0x8000 > sequence) {
		cycle++;
	}
	return cycle << 16 | sequence;
}
