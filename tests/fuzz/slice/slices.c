/* A slice as the validator gives it: the supervisor's check and unsealing, then the
 * reading that each process does. Inputs are without the form behind the magic, which
 * is put in here: they outlive a change of the layout. The corpus is what the validator
 * makes of the configuration of unit/model/slices_test.c, as revision 7. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model/slice_seal.h"

static enum tp_err keep(void *arg, uint8_t process, const char *name, struct tp_span sealed,
			struct tp_secret *clear)
{
	(void)arg;
	(void)process;
	return strlen(name) > 255 ? TP_LIMIT : tp_secret_set(clear, sealed.p, sealed.len);
}

#define READ(process_)                                                            \
	do {                                                                      \
		struct tp_cfg_##process_ *r = malloc(sizeof(*r));                 \
		if (r && tp_cfg_##process_##_read(&slice->body, r) == TP_OK)      \
			tp_cfg_##process_##_fini(r);                              \
		free(r);                                                          \
	} while (0)

enum { MAGIC = 4, FORM = 8 };

static enum tp_err unseal(const uint8_t *data, size_t size, uint8_t process, int *fd)
{
	uint8_t *file = malloc(size + FORM);
	enum tp_err err;

	if (!file)
		return TP_NOMEM;
	memcpy(file, data, MAGIC);
	tp_store_be64(file + MAGIC, tp_slice_form());
	memcpy(file + MAGIC + FORM, data + MAGIC, size - MAGIC);
	err = tp_slice_unseal(file, size + FORM, process, 7, keep, NULL, fd, NULL);
	free(file);
	return err;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t process = size > MAGIC ? data[MAGIC] : 0;
	struct tp_slice *slice = NULL;
	int fd;

	if (size < MAGIC || unseal(data, size, process, &fd) != TP_OK)
		return 0;
	if (tp_slice_open(fd, &slice, NULL) != TP_OK)
		abort(); /* what the supervisor lets through, the child's framing must take */
	switch (process) {
	case 1: READ(admin); break;
	case 2: READ(sip); break;
	case 3: READ(media); break;
	}
	tp_slice_close(&slice);
	close(fd);
	return 0;
}
