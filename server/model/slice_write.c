/* Making a process's slice of the configuration. Runs in turnpike-validate. */
#include "model/slice_write.h"

#include <stdlib.h>
#include <string.h>

#include "core/map.h"
#include "os/memfd.h"
#include "os/random.h"

enum { NAME_BYTES = 255, SEALED_MAX = 12288 };

struct entry {
	struct tp_map_node node;
	uint16_t number;
	char name[NAME_BYTES + 1];
};

struct tp_slice_writer {
	uint8_t process;
	uint64_t revision;
	struct tp_map by_name;
	uint16_t count;
	uint8_t *bytes; /* the encoded secrets, TP_SLICE_MAX of room */
	struct tp_wr secrets;
};

enum tp_err tp_slice_writer_new(uint8_t process, uint64_t revision, struct tp_slice_writer **out)
{
	struct tp_slice_writer *w = calloc(1, sizeof(*w));
	uint8_t seed[16];

	if (!w)
		return TP_NOMEM;
	w->bytes = malloc(TP_SLICE_MAX);
	if (!w->bytes) {
		free(w);
		return TP_NOMEM;
	}
	w->process = process;
	w->revision = revision;
	tp_random_bytes(seed, sizeof(seed));
	tp_map_init(&w->by_name, seed, TP_SLICE_SECRETS_MAX);
	tp_wr_init(&w->secrets, w->bytes, TP_SLICE_MAX);
	*out = w;
	return TP_OK;
}

void tp_slice_writer_free(struct tp_slice_writer **at)
{
	struct tp_slice_writer *w = *at;
	struct tp_map_node *node;

	if (!w)
		return;
	*at = NULL;
	while ((node = tp_map_next(&w->by_name, NULL))) {
		tp_map_remove(&w->by_name, node);
		free(TP_CONTAINER(node, struct entry, node));
	}
	tp_map_fini(&w->by_name);
	free(w->bytes);
	free(w);
}

enum tp_err tp_slice_writer_secret(struct tp_slice_writer *w, const char *name,
				   struct tp_span sealed, uint16_t *number)
{
	struct tp_map_node *known = tp_map_find(&w->by_name, name, strlen(name));
	struct entry *e;
	enum tp_err err;

	if (known) {
		*number = TP_CONTAINER(known, struct entry, node)->number;
		return TP_OK;
	}
	if (strlen(name) > NAME_BYTES || sealed.len > SEALED_MAX)
		return TP_LIMIT;
	e = calloc(1, sizeof(*e));
	if (!e)
		return TP_NOMEM;
	tp_text_copy(e->name, sizeof(e->name), name);
	err = tp_map_put(&w->by_name, &e->node, e->name, strlen(e->name));
	if (err != TP_OK) {
		free(e);
		return err;
	}
	e->number = ++w->count;
	tp_wr_u16(&w->secrets, (uint16_t)strlen(name));
	tp_wr_text(&w->secrets, name);
	tp_wr_u32(&w->secrets, (uint32_t)sealed.len);
	tp_wr_span(&w->secrets, sealed);
	*number = e->number;
	return w->secrets.err;
}

enum tp_err tp_slice_writer_finish(struct tp_slice_writer *w,
				   void (*write)(struct tp_wr *, const void *), const void *record,
				   int *fd)
{
	uint8_t *file = malloc(TP_SLICE_MAX);
	struct tp_wr wr;
	size_t length_at;
	enum tp_err err;

	if (!file)
		return TP_NOMEM;
	tp_wr_init(&wr, file, TP_SLICE_MAX);
	tp_slice_write_head(&wr, w->process, w->revision);
	tp_wr_u32(&wr, w->count);
	tp_wr_bytes(&wr, w->bytes, w->secrets.len);
	length_at = wr.len;
	tp_wr_u32(&wr, 0);
	write(&wr, record);
	err = w->secrets.err != TP_OK ? w->secrets.err : wr.err;
	if (err == TP_OK) {
		tp_store_be32(file + length_at, (uint32_t)(wr.len - length_at - 4));
		err = tp_memfd_sealed("slice", file, wr.len, fd);
	}
	free(file);
	return err;
}
