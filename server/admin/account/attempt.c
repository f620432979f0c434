/* Whether somebody may try a password now: buckets for each source, each account and all
 * together, and a lane of their own for browsers that are known. What the advanced mode
 * says of failed attempts comes in here, too. Runs in turnpike-admin's workers. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "admin/account/device.h"
#include "admin/account/login_state.h"
#include "admin/http/times.h"
#include "core/log.h"
#include "os/random.h"

enum { TELL_EVERY_MS = 60000 };

static uint64_t steady_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

enum tp_err tp_attempts_new(struct tp_attempts *a)
{
	/* A hash takes the tenth part of a second: five a second leave the machine to itself. */
	static const struct tp_throttle_policy all = { .free = UINT32_MAX, .keys = 1, .burst = 30,
						       .each_ms = 200 };
	static const struct tp_throttle_policy source = { 5, 300, 900, 4096, 20, 2000 };
	static const struct tp_throttle_policy account = { .free = 10, .most_wait_s = 30, .forget_s = 900,
							   .keys = 4096 };
	static const struct tp_throttle_policy device = { 5, 300, 900, 1024, 10, 2000 };
	static const struct tp_throttle_policy calls = { .free = UINT32_MAX, .keys = 4096, .burst = 1 };

	if (tp_throttle_new(&all, &a->all) != TP_OK || tp_throttle_new(&source, &a->sources) != TP_OK ||
	    tp_throttle_new(&account, &a->accounts) != TP_OK ||
	    tp_throttle_new(&device, &a->devices) != TP_OK || tp_throttle_new(&calls, &a->calls) != TP_OK)
		return TP_NOMEM;
	return TP_OK;
}

void tp_attempts_free(struct tp_attempts *a)
{
	tp_throttle_free(&a->all);
	tp_throttle_free(&a->sources);
	tp_throttle_free(&a->accounts);
	tp_throttle_free(&a->devices);
	tp_throttle_free(&a->calls);
	tp_wipe(a->device_key, sizeof(a->device_key));
}

void tp_login_device_key(struct tp_login *l, const struct tp_msg_device_key *m)
{
	if (m->key_len != TP_DEVICE_KEY)
		return;
	pthread_mutex_lock(&l->lock);
	memcpy(l->attempts.device_key, m->key, TP_DEVICE_KEY);
	l->attempts.has_device_key = true;
	pthread_mutex_unlock(&l->lock);
}

/* ------------------------------------------------------------------------ devices */

static bool device_key(struct tp_login *l, uint8_t key[TP_DEVICE_KEY])
{
	bool has;

	pthread_mutex_lock(&l->lock);
	has = l->attempts.has_device_key;
	memcpy(key, l->attempts.device_key, TP_DEVICE_KEY);
	pthread_mutex_unlock(&l->lock);
	return has;
}

/* When the password of this account was set; 0: it is kept elsewhere. */
static uint64_t password_ms(struct tp_login *l, const char *account)
{
	struct tp_account stored;

	return tp_store_account_get(l->store, account, &stored) == TP_OK ? stored.password_changed_ms : 0;
}

static bool find_device(struct tp_login *l, const struct tp_http_request *req, const char *account,
			struct tp_device *out)
{
	struct tp_device device = { .account = account, .password_ms = password_ms(l, account) };
	uint8_t key[TP_DEVICE_KEY];
	bool found = device_key(l, key) &&
		     tp_device_find(key, req->cookie, tp_times_now_ms(), &device) == TP_OK;

	tp_wipe(key, sizeof(key));
	if (found)
		*out = device;
	return found;
}

/* The caller is logged in and tries the password of this very account. */
static bool is_inside_as(const struct tp_http_request *req, const char *account)
{
	return req->state == TP_OPERATOR_ACTIVE && !strcmp(req->user, account);
}

bool tp_login_knows_device(struct tp_login *l, const struct tp_http_request *req, const char *account)
{
	struct tp_device device;

	return req->local || is_inside_as(req, account) || find_device(l, req, account, &device);
}

void tp_login_remember_device(struct tp_login *l, const struct tp_http_request *req,
			      struct tp_http_response *res, const char *account)
{
	struct tp_device device = { .account = account, .password_ms = password_ms(l, account) };
	char value[TP_DEVICE_VALUE_MAX + 1], text[TP_DEVICE_VALUE_MAX + 128];
	uint8_t key[TP_DEVICE_KEY];

	if (!find_device(l, req, account, &device))
		tp_random_bytes(device.id, sizeof(device.id));
	device.issued_ms = tp_times_now_ms();
	if (device_key(l, key) && tp_device_write(key, &device, value) == TP_OK) {
		snprintf(text, sizeof(text), "%s=%s; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=%u",
			 TP_DEVICE_COOKIE, value, TP_DEVICE_DAYS * 86400U);
		tp_http_cookie(res, text);
	}
	tp_wipe(key, sizeof(key));
}

/* ----------------------------------------------------------------------- attempts */

/* One line for all that were refused since the last one, at most one a minute: a flood
 * must not fill the log. */
static void count_refusal(struct tp_login *l, const struct tp_http_request *req)
{
	uint64_t now = steady_ms();
	uint32_t refused = 0;
	char text[160];

	pthread_mutex_lock(&l->lock);
	l->attempts.refused++;
	if (!l->attempts.told_ms || now - l->attempts.told_ms >= TELL_EVERY_MS) {
		refused = l->attempts.refused;
		l->attempts.refused = 0;
		l->attempts.told_ms = now;
	}
	pthread_mutex_unlock(&l->lock);
	if (!refused)
		return;
	snprintf(text, sizeof(text), "%u login attempt%s refused without a look at the password: too many of them.",
		 refused, refused == 1 ? " was" : "s were");
	tp_login_log(l, req, 1, "login.throttled", "", text);
}

static void say_when(struct tp_http_response *res, uint32_t wait_s)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", wait_s);
	tp_http_header(res, "Retry-After", text);
}

static void refuse_for(struct tp_http_response *res, uint32_t wait_s)
{
	tp_http_reply_error(res, 429, "access-denied", NULL,
			    "Too many failed attempts: try again in %u second%s.", wait_s,
			    wait_s == 1 ? "" : "s");
	say_when(res, wait_s);
}

bool tp_login_is_open(struct tp_login *l, struct tp_http_response *res)
{
	uint64_t now_ms = tp_times_now_ms();
	struct tp_lockout_state state;

	tp_lockout_look(l->lockout, now_ms, &state);
	if (!state.blocked)
		return true;
	if (state.until_ms)
		refuse_for(res, (uint32_t)((state.until_ms - now_ms + 999) / 1000));
	else
		tp_http_reply_error(res, 429, "access-denied", NULL,
				    "Too many failed attempts: an administrator has to allow logins again.");
	return false;
}

void tp_login_release(struct tp_login *l, const struct tp_http_request *req)
{
	if (tp_lockout_release(l->lockout, tp_times_now_ms()))
		tp_login_log(l, req, 0, "login.released", req->user, "Logins with a password are let in again.");
}

/* Where this account logged in last: strangers who guess at it must not keep its owner
 * out, so from there only the source's own wait counts. */
static bool is_usual_source(struct tp_login *l, const struct tp_http_request *req, const char *account)
{
	struct tp_account stored;
	char source[64];

	tp_login_source(req, source);
	return tp_store_account_get(l->store, account, &stored) == TP_OK &&
	       !strcmp(stored.last_login_source, source);
}

/* Directories take a name in capital letters, or with more blanks, for the same one: so many
 * spellings must not be so many buckets. */
static void name_lane(const char *account, char key[TP_THROTTLE_KEY_MAX])
{
	size_t n = 0;

	for (; *account && n < TP_THROTTLE_KEY_MAX - 1; account++) {
		if (*account == ' ' && (!n || key[n - 1] == ' '))
			continue;
		key[n++] = (char)tolower((unsigned char)*account);
	}
	while (n && key[n - 1] == ' ')
		n--;
	key[n] = '\0';
}

/* Key of a known browser, or of a user who is logged in already. Who is logged in and tries
 * other names is a stranger to them. */
static bool own_lane(struct tp_login *l, const struct tp_http_request *req, const char *account,
		     char key[TP_THROTTLE_KEY_MAX])
{
	struct tp_device device;

	if (is_inside_as(req, account))
		snprintf(key, TP_THROTTLE_KEY_MAX, "user %.200s", req->user);
	else if (find_device(l, req, account, &device))
		tp_text_write_hex(key, device.id, sizeof(device.id));
	else
		return false;
	return true;
}

/* Those of strangers: each bucket only counts what the one before it let through. */
static uint32_t strangers_wait(struct tp_login *l, const struct tp_http_request *req, const char *account)
{
	char source[TP_THROTTLE_SOURCE_TEXT], name[TP_THROTTLE_KEY_MAX];
	uint64_t now = steady_ms();
	uint32_t wait_s;

	tp_throttle_source(&req->peer, source);
	name_lane(account, name);
	wait_s = tp_throttle_try(l->attempts.sources, source, now);
	if (!wait_s && !is_usual_source(l, req, account))
		wait_s = tp_throttle_try(l->attempts.accounts, name, now);
	return wait_s ? wait_s : tp_throttle_try(l->attempts.all, "", now);
}

bool tp_login_may_try(struct tp_login *l, const struct tp_http_request *req,
		      struct tp_http_response *res, const char *account)
{
	char lane[TP_THROTTLE_KEY_MAX];
	uint32_t wait_s;

	if (req->local)
		return true;
	wait_s = own_lane(l, req, account, lane) ? tp_throttle_try(l->attempts.devices, lane, steady_ms())
						 : strangers_wait(l, req, account);
	if (!wait_s)
		return true;
	count_refusal(l, req);
	refuse_for(res, wait_s);
	return false;
}

void tp_login_passed(struct tp_login *l, const struct tp_http_request *req, const char *account)
{
	char source[TP_THROTTLE_SOURCE_TEXT], lane[TP_THROTTLE_KEY_MAX], name[TP_THROTTLE_KEY_MAX];

	if (req->local)
		return;
	if (own_lane(l, req, account, lane))
		tp_throttle_passed(l->attempts.devices, lane);
	tp_throttle_source(&req->peer, source);
	tp_throttle_passed(l->attempts.sources, source);
	name_lane(account, name);
	tp_throttle_passed(l->attempts.accounts, name);
}

/* ---------------------------------------------------------------------- programs */

bool tp_login_bad_token(struct tp_login *l, const struct tp_http_request *req,
			struct tp_http_response *res)
{
	char source[TP_THROTTLE_SOURCE_TEXT];
	uint32_t wait_s;

	tp_throttle_source(&req->peer, source);
	wait_s = tp_throttle_try(l->attempts.sources, source, steady_ms());
	if (!wait_s)
		return true;
	count_refusal(l, req);
	refuse_for(res, wait_s);
	return false;
}

void tp_login_set_rate(struct tp_login *l, uint32_t per_minute)
{
	tp_throttle_set_bucket(l->attempts.calls, per_minute / 5, per_minute ? 60000 / per_minute : 0);
}

bool tp_login_may_call(struct tp_login *l, const char *account, struct tp_http_response *res)
{
	uint32_t wait_s = tp_throttle_try(l->attempts.calls, account, steady_ms());

	if (!wait_s)
		return true;
	tp_http_reply_error(res, 429, "resource-denied", NULL,
			    "Too many requests of this account: try again in %u second%s.", wait_s,
			    wait_s == 1 ? "" : "s");
	say_when(res, wait_s);
	return false;
}
