/* Accounts that nobody uses are disabled: neither by logins nor by requests with a token.
 * Looked at when somebody logs in or lists the accounts, or comes with a token after a
 * while: before, nobody could notice. Runs in turnpike-admin's workers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/account/login_state.h"
#include "admin/http/times.h"

#define DAY_MS (UINT64_C(24) * 3600 * 1000)

static uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t used_ms(const struct tp_account *a)
{
	return later(a->last_login_ms, later(a->created_ms, a->enabled_ms));
}

static int longest_unused_first(const void *a, const void *b)
{
	uint64_t x = used_ms(a), y = used_ms(b);

	return x < y ? -1 : x > y;
}

static void disable(struct tp_login *l, const struct tp_account *row, uint32_t days)
{
	struct tp_log_entry line = { .at_ms = tp_times_now_ms(), .severity = 1, .name = "account.unused" };
	struct tp_account a = *row;
	enum tp_err err;

	a.disabled = a.unused = true;
	err = tp_store_account_update(l->store, &a);
	/* The last one that can administer stays, however old. */
	if (err == TP_STATE || err == TP_NOTFOUND)
		return;
	if (err != TP_OK) {
		TP_LOG(TP_LOG_WARN, "account.unused", "an unused account could not be disabled");
		return;
	}
	tp_session_close_user(l->sessions, a.name, false, NULL, TP_SESSION_ACCOUNT, tp_login_steady_ms());
	snprintf(line.text, sizeof(line.text), "The account %s was disabled: nobody used it for %u day%s.", a.name,
		 days, days == 1 ? "" : "s");
	for (enum tp_log_kind kind = TP_LOG_KIND_EVENT; kind <= TP_LOG_KIND_CONFIGURATION; kind++)
		if (tp_store_log_add(l->store, kind, &line) != TP_OK)
			TP_LOG(TP_LOG_WARN, "account.log", "%s could not be stored", line.name);
}

static bool is_unused(struct tp_login *l, const struct tp_account *a, uint64_t now_ms, uint64_t most_ms)
{
	uint64_t used = used_ms(a), token_ms = 0;

	if (now_ms <= used || now_ms - used < most_ms ||
	    tp_store_token_last_use(l->store, a->name, &token_ms) != TP_OK)
		return false;
	return now_ms > token_ms && now_ms - token_ms >= most_ms;
}

void tp_login_disable_unused(struct tp_login *l)
{
	struct tp_account *rows = NULL;
	uint64_t now_ms = tp_times_now_ms();
	size_t count = 0;
	uint32_t days;

	pthread_mutex_lock(&l->lock);
	days = l->unused_days;
	pthread_mutex_unlock(&l->lock);
	if (!days || tp_store_account_list(l->store, &rows, &count) != TP_OK)
		return;
	qsort(rows, count, sizeof(*rows), longest_unused_first);
	for (size_t i = 0; i < count; i++)
		if (!rows[i].disabled && !tp_advanced_is_emergency(l->advanced, rows[i].name) &&
		    is_unused(l, &rows[i], now_ms, days * DAY_MS))
			disable(l, &rows[i], days);
	free(rows);
}
