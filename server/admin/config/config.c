/* Life of the configuration, its thread and its log. Runs in turnpike-admin. */
#include "admin/config/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "admin/config/state.h"
#include "core/log.h"
#include "os/memfd.h"

enum { FIRST_RETRY_S = 2 };

static uint64_t clock_ms(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

uint64_t tp_config_now_ms(void)
{
	return clock_ms(CLOCK_REALTIME);
}

uint64_t tp_config_clock_ms(void)
{
	return clock_ms(CLOCK_MONOTONIC);
}

static void begin_line(struct tp_log_entry *line, uint8_t severity, const char *name,
		       const struct tp_operator *op)
{
	*line = (struct tp_log_entry){.at_ms = tp_config_now_ms(), .severity = severity};
	tp_text_copy(line->name, sizeof(line->name), name);
	tp_text_copy(line->user, sizeof(line->user), op ? op->user : "");
	tp_text_copy(line->source, sizeof(line->source), op ? op->source : "");
}

static void add_line(struct tp_config *c, const struct tp_log_entry *line)
{
	if (tp_store_log_add(c->store, TP_LOG_KIND_CONFIGURATION, line) != TP_OK)
		TP_LOG(TP_LOG_ERROR, "config.log", "not stored yet: %s %s %s", line->name, line->path,
		       line->text);
}

void tp_config_log(struct tp_config *c, uint8_t severity, const char *name,
		   const struct tp_operator *op, const char *fmt, ...)
{
	struct tp_log_entry line;
	va_list ap;

	begin_line(&line, severity, name, op);
	va_start(ap, fmt);
	vsnprintf(line.text, sizeof(line.text), fmt, ap);
	va_end(ap);
	tp_text_make_printable(line.text);
	add_line(c, &line);
}

void tp_config_log_change(struct tp_config *c, const struct tp_operator *op, uint64_t number,
			  const struct tp_change *change)
{
	static const char *const verbs[] = {"changed", "added", "deleted"};
	struct tp_log_entry line;

	begin_line(&line, 0, "config.change", op);
	snprintf(line.text, sizeof(line.text), "Revision %llu %s a setting.",
		 (unsigned long long)number, verbs[change->op]);
	tp_text_copy(line.path, sizeof(line.path), change->path);
	tp_text_copy(line.before, sizeof(line.before), change->before ? change->before : "");
	tp_text_copy(line.after, sizeof(line.after), change->after ? change->after : "");
	tp_text_make_printable(line.path);
	tp_text_make_printable(line.before);
	tp_text_make_printable(line.after);
	add_line(c, &line);
}

/* -------------------------------------------------------------------- its thread */

static bool wait_for_word(struct tp_config *c)
{
	bool stop;

	pthread_mutex_lock(&c->said_mutex);
	while (!c->heard && !c->stop)
		pthread_cond_wait(&c->said_cond, &c->said_mutex);
	c->heard = false;
	stop = c->stop;
	pthread_mutex_unlock(&c->said_mutex);
	return !stop;
}

/* Sleeps, but not over the end. */
static bool sleep_s(struct tp_config *c, int seconds)
{
	struct timespec until;
	bool stop;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += seconds;
	pthread_mutex_lock(&c->said_mutex);
	while (!c->stop && pthread_cond_timedwait(&c->said_cond, &c->said_mutex, &until) == 0)
		;
	stop = c->stop;
	pthread_mutex_unlock(&c->said_mutex);
	return !stop;
}

/* Until there is a first revision: the other processes may not be ready at once. */
static void make_first(struct tp_config *c)
{
	struct tp_model_errors *errors = calloc(1, sizeof(*errors));
	bool again = true;

	while (again && errors) {
		enum tp_err err = TP_OK;

		errors->count = 0;
		pthread_mutex_lock(&c->mutex);
		tp_config_settle(c);
		if (c->running_number == 0)
			err = tp_config_first(c, errors);
		again = err != TP_OK;
		pthread_mutex_unlock(&c->mutex);
		if (!again)
			break;
		TP_LOG(TP_LOG_WARN, "config.first",
		       "the first configuration was refused (%s): %s %s", tp_err_name(err),
		       errors->count ? errors->list[0].path : "",
		       errors->count ? errors->list[0].text : "");
		again = sleep_s(c, FIRST_RETRY_S);
	}
	free(errors);
}

static void *work(void *arg)
{
	struct tp_config *c = arg;

	while (wait_for_word(c)) {
		bool first;

		pthread_mutex_lock(&c->mutex);
		tp_config_settle(c);
		first = c->ready && c->running_number == 0;
		pthread_mutex_unlock(&c->mutex);
		if (first)
			make_first(c);
	}
	return NULL;
}

void tp_config_on_revision_state(struct tp_config *config,
				 const struct tp_msg_revision_state *state)
{
	pthread_mutex_lock(&config->said_mutex);
	config->state = *state;
	config->said = true;
	config->heard = true;
	pthread_cond_broadcast(&config->said_cond);
	pthread_mutex_unlock(&config->said_mutex);
}

void tp_config_on_running_file(struct tp_config *config, int fd)
{
	void *json = NULL;
	size_t len = 0;

	if (tp_memfd_read(fd, TP_MODEL_JSON_MAX, &json, &len) != TP_OK)
		return;
	pthread_mutex_lock(&config->said_mutex);
	free(config->said_json);
	config->said_json = json;
	config->said_json_len = len;
	pthread_mutex_unlock(&config->said_mutex);
}

bool tp_config_ready(struct tp_config *config)
{
	bool ready;

	pthread_mutex_lock(&config->mutex);
	ready = config->ready && config->running_number > 0;
	pthread_mutex_unlock(&config->mutex);
	return ready;
}

/* ------------------------------------------------------------------------- life */

/* Changes that were being made when admin ended. */
static void load_candidate(struct tp_config *c)
{
	char *json = NULL;
	size_t len;

	if (tp_store_candidate_load(c->store, &json, &len, c->holder) != TP_OK || !json)
		return;
	if (tp_tree_parse(c->model, json, len, &c->candidate, NULL) != TP_OK) {
		TP_LOG(TP_LOG_WARN, "config.candidate",
		       "the stored candidate does not read and is dropped");
		c->holder[0] = '\0';
	}
	free(json);
}

enum tp_err tp_config_new(struct tp_store *store, const struct tp_config_bus *bus,
			  struct tp_config **out, struct tp_diag *diag)
{
	struct tp_config *c = calloc(1, sizeof(*c));
	enum tp_err err;

	if (!c)
		return tp_fail(diag, TP_NOMEM, "config", "no memory");
	c->store = store;
	c->bus = *bus;
	pthread_mutex_init(&c->mutex, NULL);
	pthread_mutex_init(&c->said_mutex, NULL);
	pthread_cond_init(&c->said_cond, NULL);
	err = tp_model_new(&c->model, diag);
	if (err == TP_OK)
		err = tp_tree_new(c->model, &c->running);
	if (err == TP_OK) {
		load_candidate(c);
		if (pthread_create(&c->thread, NULL, work, c))
			err = tp_fail(diag, TP_NOMEM, "config", "no thread");
		c->thread_started = err == TP_OK;
	}
	if (err != TP_OK) {
		tp_config_free(&c);
		return err;
	}
	*out = c;
	return TP_OK;
}

void tp_config_free(struct tp_config **at)
{
	struct tp_config *c = *at;

	if (!c)
		return;
	*at = NULL;
	pthread_mutex_lock(&c->said_mutex);
	c->stop = true;
	pthread_cond_broadcast(&c->said_cond);
	pthread_mutex_unlock(&c->said_mutex);
	if (c->thread_started)
		pthread_join(c->thread, NULL);
	tp_tree_free(&c->running);
	tp_tree_free(&c->candidate);
	tp_model_free(&c->model);
	free(c->said_json);
	pthread_mutex_destroy(&c->mutex);
	pthread_mutex_destroy(&c->said_mutex);
	pthread_cond_destroy(&c->said_cond);
	free(c);
}
