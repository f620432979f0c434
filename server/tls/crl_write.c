/* Making an index of revocation lists. Runs in the CRL helper. */
#include "tls/crl_write.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/bytes.h"

enum {
	COMPARED = 2 + TP_CRL_SERIAL_KEY,
	ENTRIES_FIRST = 1024,
	OTHERS_FIRST = 16,
};

struct list {
	uint8_t issuer[TP_CRL_HASH];
	char name[TP_CRL_ISSUER_MAX + 1];
	int64_t this_update;
	int64_t next_update;
	unsigned flags;
	uint64_t number;
	uint64_t base;
	size_t first; /* entry */
	uint8_t (*others)[TP_CRL_HASH];
	size_t other_count;
	size_t other_room;
	uint8_t points[TP_CRL_POINTS_MAX][TP_CRL_HASH];
	size_t point_count;
};

struct tp_crl_write {
	struct tp_crl_about about;
	size_t origin_len;
	struct list *lists;
	size_t list_count;
	uint8_t (*entries)[TP_CRL_ENTRY];
	size_t entry_count;
	size_t entry_room;
	size_t entries_max;
};

enum tp_err tp_crl_write_new(const struct tp_crl_about *about, size_t entries_max,
			     struct tp_crl_write **out)
{
	struct tp_crl_write *w = calloc(1, sizeof(*w));

	if (!w)
		return TP_NOMEM;
	w->about = *about;
	tp_text_make_printable(w->about.origin);
	w->origin_len = strlen(w->about.origin);
	w->entries_max = entries_max < TP_CRL_ENTRIES_MAX ? entries_max : TP_CRL_ENTRIES_MAX;
	w->lists = calloc(TP_CRL_LISTS_MAX, sizeof(*w->lists));
	if (!w->lists) {
		free(w);
		return TP_NOMEM;
	}
	*out = w;
	return TP_OK;
}

void tp_crl_write_free(struct tp_crl_write **w)
{
	if (!*w)
		return;
	for (size_t i = 0; i < (*w)->list_count; i++)
		free((*w)->lists[i].others);
	free((*w)->lists);
	free((*w)->entries);
	free(*w);
	*w = NULL;
}

/* ------------------------------------------------------------------ collecting */

static struct list *last(struct tp_crl_write *w)
{
	return w->list_count ? &w->lists[w->list_count - 1] : NULL;
}

/* Room for one more; doubles. */
static bool grow(void **items, size_t size, size_t first, size_t count, size_t *room)
{
	size_t wanted = *room ? *room * 2 : first;
	void *more;

	if (count < *room)
		return true;
	more = reallocarray(*items, wanted, size);
	if (!more)
		return false;
	*items = more;
	*room = wanted;
	return true;
}

enum tp_err tp_crl_write_list(struct tp_crl_write *w, const uint8_t issuer[TP_CRL_HASH],
			      struct tp_span name, int64_t this_update, int64_t next_update,
			      unsigned flags)
{
	struct list *l;

	if (w->list_count == TP_CRL_LISTS_MAX)
		return TP_LIMIT;
	l = &w->lists[w->list_count++];
	memset(l, 0, sizeof(*l));
	memcpy(l->issuer, issuer, TP_CRL_HASH);
	tp_text_copy_span(l->name, sizeof(l->name), name);
	tp_text_make_printable(l->name);
	l->this_update = this_update;
	l->next_update = next_update;
	l->flags = flags;
	l->first = w->entry_count;
	return TP_OK;
}

void tp_crl_write_numbers(struct tp_crl_write *w, uint64_t number, uint64_t base)
{
	struct list *l = last(w);

	if (!l)
		return;
	l->number = number;
	l->base = base;
}

enum tp_err tp_crl_write_point(struct tp_crl_write *w, const uint8_t hash[TP_CRL_HASH])
{
	struct list *l = last(w);

	if (!l)
		return TP_STATE;
	if (l->point_count == TP_CRL_POINTS_MAX)
		return TP_LIMIT;
	memcpy(l->points[l->point_count++], hash, TP_CRL_HASH);
	return TP_OK;
}

/* Entries of one issuer follow each other: the last one is looked at first. */
static enum tp_err number_of(struct list *l, const uint8_t *issuer, uint16_t *out)
{
	for (size_t i = l->other_count; i > 0; i--)
		if (memcmp(l->others[i - 1], issuer, TP_CRL_HASH) == 0) {
			*out = (uint16_t)i;
			return TP_OK;
		}
	if (l->other_count == TP_CRL_OTHERS_MAX)
		return TP_LIMIT;
	if (!grow((void **)&l->others, TP_CRL_HASH, OTHERS_FIRST, l->other_count, &l->other_room))
		return TP_NOMEM;
	memcpy(l->others[l->other_count++], issuer, TP_CRL_HASH);
	*out = (uint16_t)l->other_count;
	return TP_OK;
}

enum tp_err tp_crl_write_entry(struct tp_crl_write *w, const uint8_t *issuer,
			       const uint8_t serial[TP_CRL_SERIAL_KEY], uint8_t reason, int64_t at)
{
	struct list *l = last(w);
	uint16_t number = 0;
	uint8_t *entry;
	enum tp_err err = l ? TP_OK : TP_STATE;

	if (err == TP_OK && w->entry_count == w->entries_max)
		err = TP_LIMIT;
	if (err == TP_OK && issuer && memcmp(issuer, l->issuer, TP_CRL_HASH) != 0)
		err = number_of(l, issuer, &number);
	if (err == TP_OK && !grow((void **)&w->entries, TP_CRL_ENTRY, ENTRIES_FIRST, w->entry_count,
				  &w->entry_room))
		err = TP_NOMEM;
	if (err != TP_OK)
		return err;
	entry = w->entries[w->entry_count++];
	tp_store_be16(entry, number);
	memcpy(entry + 2, serial, TP_CRL_SERIAL_KEY);
	entry[COMPARED] = reason;
	tp_store_be64(entry + COMPARED + 1, (uint64_t)at);
	return TP_OK;
}

void tp_crl_write_undo(struct tp_crl_write *w)
{
	struct list *l = last(w);

	if (!l)
		return;
	w->entry_count = l->first;
	free(l->others);
	w->list_count--;
}

size_t tp_crl_write_lists(const struct tp_crl_write *w)
{
	return w->list_count;
}

size_t tp_crl_write_entries(const struct tp_crl_write *w)
{
	return w->entry_count;
}

/* --------------------------------------------------------------------- writing */

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, COMPARED);
}

static size_t end_of(const struct tp_crl_write *w, size_t n)
{
	return n + 1 < w->list_count ? w->lists[n + 1].first : w->entry_count;
}

/* Where the parts of a list lie: hashes and name behind the records, entries behind all. */
struct places {
	size_t others;
	size_t points;
	size_t name;
	size_t end;
};

static struct places places_from(const struct list *l, size_t from)
{
	struct places p = { .others = from };

	p.points = p.others + l->other_count * TP_CRL_HASH;
	p.name = p.points + l->point_count * TP_CRL_HASH;
	p.end = p.name + strlen(l->name);
	return p;
}

static void write_record(struct tp_crl_write *w, size_t n, uint8_t *base, const struct places *at,
			 size_t entries_at)
{
	const struct list *l = &w->lists[n];
	size_t count = end_of(w, n) - l->first;
	uint8_t *r = base + TP_CRL_HEAD + n * TP_CRL_RECORD;

	memcpy(r, l->issuer, TP_CRL_HASH);
	tp_store_be64(r + 32, (uint64_t)l->this_update);
	tp_store_be64(r + 40, (uint64_t)l->next_update);
	tp_store_be32(r + 48, l->flags);
	tp_store_be32(r + 52, (uint32_t)count);
	tp_store_be64(r + 56, entries_at + l->first * TP_CRL_ENTRY);
	tp_store_be32(r + 64, (uint32_t)l->other_count);
	tp_store_be32(r + 68, (uint32_t)l->point_count);
	tp_store_be64(r + 72, at->others);
	tp_store_be64(r + 80, at->points);
	tp_store_be64(r + 88, at->name);
	tp_store_be32(r + 96, (uint32_t)strlen(l->name));
	tp_store_be64(r + 104, l->number);
	tp_store_be64(r + 112, l->base);
	if (l->other_count)
		memcpy(base + at->others, l->others, l->other_count * TP_CRL_HASH);
	memcpy(base + at->points, l->points, l->point_count * TP_CRL_HASH);
	memcpy(base + at->name, l->name, strlen(l->name));
	if (count)
		qsort(w->entries[l->first], count, TP_CRL_ENTRY, compare);
}

static void write_all(struct tp_crl_write *w, uint8_t *base, size_t entries_at, size_t size)
{
	size_t from = TP_CRL_HEAD + w->list_count * TP_CRL_RECORD;

	/* A mark, no string. NOLINTNEXTLINE(bugprone-not-null-terminated-result) */
	memcpy(base, "TPCRLIX1", 8);
	tp_store_be32(base + 8, (uint32_t)w->list_count);
	tp_store_be32(base + 12, w->about.source);
	tp_store_be64(base + 16, size);
	tp_store_be64(base + 24, (uint64_t)w->about.made_at);
	tp_store_be64(base + 32, w->about.from_bytes);
	tp_store_be64(base + 40, from);
	tp_store_be32(base + 48, (uint32_t)w->origin_len);
	memcpy(base + from, w->about.origin, w->origin_len);
	from += w->origin_len;
	for (size_t n = 0; n < w->list_count; n++) {
		struct places at = places_from(&w->lists[n], from);

		write_record(w, n, base, &at, entries_at);
		from = at.end;
	}
	if (w->entry_count)
		memcpy(base + entries_at, w->entries, w->entry_count * TP_CRL_ENTRY);
}

enum tp_err tp_crl_write_seal(struct tp_crl_write *w, int *fd)
{
	size_t from = TP_CRL_HEAD + w->list_count * TP_CRL_RECORD + w->origin_len;
	size_t size;
	void *base;
	int made;

	for (size_t n = 0; n < w->list_count; n++)
		from = places_from(&w->lists[n], from).end;
	size = from + w->entry_count * TP_CRL_ENTRY;
	made = memfd_create("crl-index", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (made < 0)
		return TP_IO;
	base = ftruncate(made, (off_t)size) == 0
		       ? mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, made, 0)
		       : MAP_FAILED;
	if (base == MAP_FAILED) {
		close(made);
		return TP_IO;
	}
	write_all(w, base, from, size);
	munmap(base, size);
	if (fcntl(made, F_ADD_SEALS,
		  F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0) {
		close(made);
		return TP_IO;
	}
	*fd = made;
	return TP_OK;
}
