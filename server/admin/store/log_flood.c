/* How many events of one name are taken. Runs in turnpike-admin, with the store's lock. */
#include <string.h>
#include <time.h>

#include "admin/store/sql.h"
#include "core/text.h"

enum { WHOLE = 1000, TELL_MS = 5000 };

static uint64_t steady_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* The name's own row, or that of a name which was quiet for longest and owes nothing. */
static struct tp_store_flood *row_of(struct tp_store_log *log, const char *name, uint64_t now_ms)
{
	struct tp_store_flood *oldest = &log->floods[0];

	for (size_t i = 0; i < TP_STORE_LOG_NAMES; i++) {
		struct tp_store_flood *f = &log->floods[i];

		if (!strcmp(f->name, name))
			return f;
		if (!f->suppressed && (oldest->suppressed || f->at_ms < oldest->at_ms))
			oldest = f;
	}
	if (oldest->suppressed)
		return oldest;
	*oldest = (struct tp_store_flood){ .at_ms = now_ms, .room = TP_STORE_LOG_BURST * WHOLE };
	tp_text_copy(oldest->name, sizeof(oldest->name), name);
	return oldest;
}

bool tp_store_flood_admit(struct tp_store *store, const char *name)
{
	uint64_t now_ms = steady_ms();
	struct tp_store_flood *f = row_of(&store->log, name, now_ms);
	uint64_t room = f->room + (now_ms - f->at_ms) * TP_STORE_LOG_RATE;
	const uint64_t full = (uint64_t)TP_STORE_LOG_BURST * WHOLE;

	f->at_ms = now_ms;
	f->room = (uint32_t)(room < full ? room : full);
	if (f->room < WHOLE) {
		f->suppressed++;
		return false;
	}
	f->room -= WHOLE;
	return true;
}

uint32_t tp_store_flood_take(struct tp_store *store, char name[64])
{
	uint64_t now_ms = steady_ms();

	for (size_t i = 0; i < TP_STORE_LOG_NAMES; i++) {
		struct tp_store_flood *f = &store->log.floods[i];
		uint32_t n = f->suppressed;

		if (!n || now_ms - f->told_ms < TELL_MS)
			continue;
		f->suppressed = 0;
		f->told_ms = now_ms;
		memcpy(name, f->name, sizeof(f->name));
		return n;
	}
	return 0;
}
