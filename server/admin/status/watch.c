/* Admin's own alarms: the certificate, and processes that were started again. One
 * thread of turnpike-admin. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "admin/advanced/lockout.h"
#include "admin/http/times.h"
#include "admin/status/parts.h"
#include "ipc/remote.h"

enum {
	CODE_TEMPORARY_CERTIFICATE = 40001,
	CODE_OLD_TLS = 40020, /* subject: the service's name */
	CODE_NO_PAM_SERVICE = 40040,
	CODE_LOCKED_OUT = 40050,
	CODE_RESTARTED = 15003,
	EVERY_S = 10,
	CALM_MS = 10 * 60 * 1000, /* after which a restart is no longer an alarm */
};

/* What was said last, so that the database is written on change only. */
struct told {
	struct {
		uint32_t code;
		char subject[32];
		bool raised;
		uint8_t severity;
	} about[16];
	size_t count;
};

static void tell(struct tp_status *s, struct told *told, const struct tp_msg_alarm *m)
{
	size_t i = 0;

	while (i < told->count &&
	       (told->about[i].code != m->code || strcmp(told->about[i].subject, m->subject) != 0))
		i++;
	if (i < told->count && told->about[i].raised == m->raised &&
	    (!m->raised || told->about[i].severity == m->severity))
		return;
	if (i == sizeof(told->about) / sizeof(told->about[0]))
		return;
	if (i == told->count)
		told->count++;
	told->about[i].code = m->code;
	tp_text_copy(told->about[i].subject, sizeof(told->about[i].subject), m->subject);
	told->about[i].raised = m->raised;
	told->about[i].severity = m->severity;
	tp_status_on_alarm(s, TP_PROCESS_ADMIN, m);
}

static void check_certificate(struct tp_status *s, struct told *told, bool temporary)
{
	const struct tp_msg_alarm made = {
		.code = CODE_TEMPORARY_CERTIFICATE,
		.raised = temporary,
		.severity = 1,
		.subject = "identity",
		.text = "The certificate of this appliance is signed by its own temporary CA.",
		.remedy = "Ask your certificate authority for a certificate with this host name and "
			  "install it.",
	};

	tell(s, told, &made);
}

/* Services that let versions in which are known to be broken. */
static void check_tls(struct tp_status *s, struct told *told, const struct tp_status_tls *tls)
{
	for (size_t i = 0; tls->known && i < TP_TLS_SERVICES; i++) {
		const struct tp_tls_service_info *info = tp_tls_service_info((enum tp_tls_service)i);
		enum tp_tls_version least = (enum tp_tls_version)tls->least[i];
		struct tp_msg_alarm m = {
			.code = CODE_OLD_TLS,
			.raised = least < TP_TLS_1_2,
			.severity = 1,
			.remedy = "Set the minimum on the page Ciphers to TLS 1.2 as soon as the last old "
				  "endpoint is gone.",
		};

		tp_text_copy(m.subject, sizeof(m.subject), info->name);
		if (m.raised)
			snprintf(m.text, sizeof(m.text),
				 "%s accepts TLS %s and later: TLS 1.0 and 1.1 are insecure, and short keys "
				 "and old signatures are accepted with them.",
				 info->label, tp_tls_version_name(least));
		else
			snprintf(m.text, sizeof(m.text), "%s accepts TLS %s and later.", info->label,
				 tp_tls_version_name(least));
		tell(s, told, &m);
	}
}

static void check_process(struct tp_status *s, struct told *told,
			  const struct tp_msg_process_status *p)
{
	struct tp_msg_alarm m = {
		.code = CODE_RESTARTED,
		.raised = p->restarts && tp_times_now_ms() < p->started_ms + CALM_MS,
		.severity = 1,
		.remedy = "If it happens again, send the log of that time to support.",
	};

	tp_text_copy(m.subject, sizeof(m.subject), p->name);
	snprintf(m.text, sizeof(m.text), "%s ended (%s) and was started again.", p->name,
		 p->last_end[0] ? p->last_end : "unknown reason");
	tell(s, told, &m);
}

static void check_pam(struct tp_status *s, struct told *told, bool missing)
{
	const struct tp_msg_alarm m = {
		.code = CODE_NO_PAM_SERVICE,
		.raised = missing,
		.severity = 2,
		.subject = "PAM",
		.text = "PAM is turned on, and its service file " TP_PAM_SERVICE_FILE
			" is missing: nobody logs in by it.",
		.remedy = "Install the service file of Turnpike, or turn PAM off on the page Login.",
	};

	tell(s, told, &m);
}

static void check_lockout(struct tp_status *s, struct told *told)
{
	struct tp_lockout_state state;
	struct tp_msg_alarm m = {
		.code = CODE_LOCKED_OUT,
		.severity = 2,
		.subject = "login",
		.text = "After failed logins nobody logs in with a password.",
		.remedy = "Look at the history of logins for where they came from. An administrator who is logged "
			  "in can allow logins again; a certificate is not blocked.",
	};

	tp_lockout_look(tp_login_lockout(s->login), tp_times_now_ms(), &state);
	m.raised = state.blocked;
	tell(s, told, &m);
}

static void check_supervisor(struct tp_status *s, struct told *told, bool pam)
{
	struct tp_msg_supervisor_status m;

	if (tp_bus_supervisor_status(s->bus, &m) != TP_OK)
		return;
	check_pam(s, told, pam && !m.pam_service);
	for (size_t i = 0; i < m.processes_count; i++)
		check_process(s, told, &m.processes[i]);
}

static void *watch_run(void *arg)
{
	struct tp_status *s = arg;
	struct told told = { .count = 0 };

	pthread_mutex_lock(&s->lock);
	while (!s->ending) {
		int64_t not_after_s = s->not_after_s;
		bool temporary = s->temporary;
		struct tp_status_tls tls = s->tls;
		bool pam = s->pam;
		struct timespec at;

		s->look = false;
		pthread_mutex_unlock(&s->lock);
		/* After a restart the configuration comes a moment later: until then the
		 * alarm of before stands. */
		if (not_after_s)
			check_certificate(s, &told, temporary);
		check_tls(s, &told, &tls);
		tp_status_check_expiry(s);
		tp_status_check_identities(s);
		tp_status_check_recommended(s);
		check_lockout(s, &told);
		check_supervisor(s, &told, pam);
		clock_gettime(CLOCK_MONOTONIC, &at);
		at.tv_sec += EVERY_S;
		pthread_mutex_lock(&s->lock);
		if (!s->ending && !s->look && s->not_after_s == not_after_s && s->temporary == temporary && s->pam == pam &&
		    memcmp(&s->tls, &tls, sizeof(tls)) == 0)
			pthread_cond_timedwait(&s->wake, &s->lock, &at);
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

void tp_status_look(void *status)
{
	struct tp_status *s = status;

	pthread_mutex_lock(&s->lock);
	s->look = true;
	pthread_cond_signal(&s->wake);
	pthread_mutex_unlock(&s->lock);
}

enum tp_err tp_status_watch(struct tp_status *s)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	s->watching = pthread_create(&s->watcher, NULL, watch_run, s) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return s->watching ? TP_OK : TP_IO;
}

void tp_status_unwatch(struct tp_status *s)
{
	pthread_mutex_lock(&s->lock);
	s->ending = true;
	pthread_cond_signal(&s->wake);
	pthread_mutex_unlock(&s->lock);
	if (s->watching)
		pthread_join(s->watcher, NULL);
	s->watching = false;
}
