/* tp-phone: reads its script from the command line, plays it, prints JSON. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <srtp2/srtp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "phone.h"
#include "text.h"

enum {
	REGISTER_PATIENCE_S = 20,
	UNREGISTER_PATIENCE_MS = 2000,
	TICK_NS = 10 * 1000 * 1000,
	SLOT_NS = 1000 * 1000,
	SLOTS_BEHIND_MAX = 100,
	RTCP_EVERY_PACKETS = 250,
	EVENTS_MAX = 256,
};

uint64_t now_ns(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

void phone_on_message(struct phone *p, char *msg, size_t len)
{
	char cseq[64], via[512], branch[128], method[32];
	phone_trace(p, "received", msg, len);
	if (strlen(msg) != len || !text_header(msg, "CSeq", 0, cseq, sizeof(cseq)))
		return;
	const char *space = strchr(cseq, ' ');
	if (!space || strlen(space + 1) >= sizeof(method))
		return;
	memcpy(method, space + 1, strlen(space));
	if (strncmp(msg, "SIP/2.0 ", 8) != 0) {
		size_t n = strcspn(msg, " ");
		if (n < sizeof(method)) {
			memcpy(method, msg, n);
			method[n] = 0;
			answer_request(p, msg, method);
		}
		return;
	}
	unsigned status = (unsigned)strtoul(msg + 8, NULL, 10);
	if (!strcmp(method, "REGISTER")) {
		phone_on_register_answer(p, msg, status);
		return;
	}
	/* Our branch says which leg: z9hG4bK-L<id>-... */
	if (!text_header(msg, "Via", 0, via, sizeof(via)) ||
	    !text_param(via, "branch", branch, sizeof(branch)) || strncmp(branch, "z9hG4bK-L", 9) != 0)
		return;
	unsigned long id = strtoul(branch + 9, NULL, 10);
	struct leg *leg = id > 0 && id <= p->app->leg_count ? p->app->by_id[id] : NULL;
	if (leg && leg->phone == p)
		leg_on_answer(leg, msg, status, method);
}

void phone_trace(const struct phone *p, const char *what, const char *msg, size_t len)
{
	if (p->app->trace)
		fprintf(stderr, "---- %s %s\n%.*s\n", p->spec.name, what, (int)len, msg);
}

static void on_event(struct app *app, struct source *source, uint32_t events)
{
	struct leg *leg = source->owner;
	switch (source->kind) {
	case SOURCE_WIRE:
		wire_on_event(source->owner, events);
		break;
	case SOURCE_RTP:
		if (leg->media.open)
			media_on_rtp(leg);
		break;
	case SOURCE_RTCP:
		if (leg->media.open)
			media_on_rtcp(leg);
		break;
	case SOURCE_SIGNAL:
		app->interrupted = true;
		break;
	}
}

/* Media goes out in slots of a millisecond, so that calls do not burst together. */
static void serve_slots(struct app *app)
{
	if (app->now - app->slot_time > SLOTS_BEHIND_MAX * (uint64_t)SLOT_NS)
		app->slot_time = app->now - SLOTS_BEHIND_MAX * (uint64_t)SLOT_NS;
	while (app->slot_time + SLOT_NS <= app->now) {
		app->slot_time += SLOT_NS;
		app->slot = (app->slot + 1) % app->packet_ms;
		for (struct leg *leg = app->legs; leg; leg = leg->next) {
			if (!leg->media.sending || leg->media.slot != app->slot)
				continue;
			media_send(leg);
			if (leg->media.sent % RTCP_EVERY_PACKETS == 25)
				media_send_rtcp(leg);
		}
	}
}

static void start_calls(struct app *app)
{
	for (size_t i = 0; i < app->script_count; i++) {
		struct script *s = &app->scripts[i];
		while (s->started < s->count && app->now >= s->due &&
		       (!s->concurrent || s->live < s->concurrent)) {
			s->started++;
			s->due += (uint64_t)(1e9 / s->rate);
			if (s->due + NS_PER_S < app->now)
				s->due = app->now;
			leg_call(s->from, s);
		}
	}
}

static void tick_legs(struct app *app)
{
	struct leg **at = &app->legs;
	while (*at) {
		struct leg *leg = *at;
		if (leg->state == LEG_DONE && app->now >= leg->next_due) {
			*at = leg->next;
			report_fold(app, leg);
			continue;
		}
		if (leg->state != LEG_DONE)
			leg_tick(leg);
		at = &leg->next;
	}
}

static bool scripts_done(const struct app *app)
{
	for (size_t i = 0; i < app->script_count; i++)
		if (app->scripts[i].started < app->scripts[i].count)
			return false;
	return true;
}

/* Interrupted: nothing new starts, what talks hangs up, what rings is cancelled. */
static void wind_down(struct app *app)
{
	if (app->stopping)
		return;
	app->stopping = true;
	for (size_t i = 0; i < app->script_count; i++)
		app->scripts[i].count = app->scripts[i].started;
	for (struct leg *leg = app->legs; leg; leg = leg->next) {
		if (leg->state == LEG_TALKING && leg->caller)
			leg->next_due = app->now;
		if (leg->state == LEG_CALLING)
			leg->give_up = app->now; /* CANCEL */
	}
}

static void serve_events(struct app *app)
{
	struct epoll_event events[EVENTS_MAX];
	int n = epoll_wait(app->epoll, events, EVENTS_MAX, 1);
	app->now = now_ns();
	for (int i = 0; i < n; i++)
		on_event(app, events[i].data.ptr, events[i].events);
	serve_slots(app);
}

static bool all_registered(const struct app *app)
{
	for (size_t i = 0; i < app->phone_count; i++)
		if (app->phones[i].spec.registers && !app->phones[i].registered)
			return false;
	return true;
}

static bool any_refused(const struct app *app)
{
	for (size_t i = 0; i < app->phone_count; i++)
		if (app->phones[i].refused)
			return true;
	return false;
}

/* False when a phone could not register in time. */
static bool register_phones(struct app *app)
{
	uint64_t until = app->now + REGISTER_PATIENCE_S * NS_PER_S;
	while (!all_registered(app) && !any_refused(app) && app->now < until && !app->interrupted) {
		serve_events(app);
		for (size_t i = 0; i < app->phone_count; i++)
			phone_tick(&app->phones[i]);
	}
	for (size_t i = 0; i < app->phone_count; i++)
		if (app->phones[i].spec.registers && !app->phones[i].registered)
			fprintf(stderr, "tp-phone: %s could not register: %s\n", app->phones[i].spec.name,
				app->phones[i].trouble[0] ? app->phones[i].trouble : "no answer");
	return all_registered(app);
}

/* Phones that go away say so, so that later calls do not look for them. */
static void unregister_phones(struct app *app)
{
	uint64_t until = app->now + UNREGISTER_PATIENCE_MS * NS_PER_MS;
	bool waiting = true;
	for (size_t i = 0; i < app->phone_count; i++) {
		struct phone *p = &app->phones[i];
		p->was_registered = p->registered;
		if (p->registered && p->wire.state == WIRE_OPEN)
			phone_register(p, 0);
	}
	while (waiting && app->now < until) {
		serve_events(app);
		waiting = false;
		for (size_t i = 0; i < app->phone_count; i++)
			waiting = waiting || (app->phones[i].registered && app->phones[i].leaving);
	}
}

static void play(struct app *app)
{
	uint64_t tick = 0;
	uint64_t start = app->now;
	for (size_t i = 0; i < app->script_count; i++)
		app->scripts[i].due = start + i * 37 * NS_PER_MS;
	while (app->legs || !scripts_done(app) || (app->now < app->stop_at && !app->stopping)) {
		serve_events(app);
		if (app->interrupted)
			wind_down(app);
		if (app->now < tick)
			continue;
		tick = app->now + TICK_NS;
		start_calls(app);
		tick_legs(app);
		for (size_t i = 0; i < app->phone_count; i++)
			phone_tick(&app->phones[i]);
	}
}

static int usage(void)
{
	fprintf(stderr,
		"usage: tp-phone --phone name=N,server=A:P,bind=A,domain=D[,user=U][,password=P]\n"
		"         [,transport=udp|tcp|tls][,netns=N][,ca=FILE][,tls-name=N][,srtp=SUITE]\n"
		"         [,digest=MD5|SHA-256][,register=no][,port=P][,answer=STATUS][,ring-ms=N] ...\n"
		"       --call FROM:TO[,uri=URI][,count=N][,rate=R][,seconds=S][,concurrent=N] ...\n"
		"       [--stay SECONDS] [--packet-ms N] [--trace]\n");
	return 2;
}

static bool parse_options(struct app *app, int argc, char **argv)
{
	static const struct option options[] = {
		{ "phone", required_argument, NULL, 'p' },
		{ "call", required_argument, NULL, 'c' },
		{ "stay", required_argument, NULL, 's' },
		{ "packet-ms", required_argument, NULL, 'm' },
		{ "trace", no_argument, NULL, 't' },
		{ 0 },
	};
	int c;
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'p' && app->phone_count < PHONES_MAX) {
			struct phone *p = &app->phones[app->phone_count++];
			if (!spec_parse_phone(optarg, &p->spec))
				return false;
			p->app = app;
			p->v6 = p->spec.server.ss_family == AF_INET6;
			memcpy(p->address, p->spec.bind, sizeof(p->address));
		} else if (c == 'c' && app->script_count < SCRIPTS_MAX) {
			if (!spec_parse_call(app, optarg, &app->scripts[app->script_count++]))
				return false;
		} else if (c == 'm' && strtoul(optarg, NULL, 10) >= MEDIA_PACKET_MS) {
			app->packet_ms = (uint32_t)strtoul(optarg, NULL, 10);
		} else if (c == 't') {
			app->trace = true;
		} else if (c == 's') {
			app->stop_at = now_ns() + (uint64_t)(strtod(optarg, NULL) * 1e9);
		} else {
			return false;
		}
	}
	return optind == argc && app->phone_count > 0;
}

static void watch_signals(struct app *app, struct source *source)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	*source = (struct source){ SOURCE_SIGNAL, app, signalfd(-1, &set, SFD_CLOEXEC) };
	struct epoll_event ev = { .events = EPOLLIN | EPOLLET, .data.ptr = source };
	epoll_ctl(app->epoll, EPOLL_CTL_ADD, source->fd, &ev);
	signal(SIGPIPE, SIG_IGN);
}

static void free_app(struct app *app)
{
	for (size_t i = 0; i < app->phone_count; i++) {
		wire_close(&app->phones[i]);
		SSL_CTX_free(app->phones[i].wire.ctx);
		free(app->phones[i].wire.in);
		free(app->phones[i].wire.out);
	}
	free(app->by_id);
	free(app->phone_of);
	free(app->setup_us);
	close(app->epoll);
	free(app);
}

int main(int argc, char **argv)
{
	struct app *app = calloc(1, sizeof(*app));
	struct source signals;
	if (!app || srtp_init() != srtp_err_status_ok)
		return 2;
	app->packet_ms = MEDIA_PACKET_MS;
	if (!parse_options(app, argc, argv)) {
		free(app);
		return usage();
	}
	srandom((unsigned)now_ns());
	app->epoll = epoll_create1(EPOLL_CLOEXEC);
	app->now = app->slot_time = now_ns();
	watch_signals(app, &signals);
	for (size_t i = 0; i < app->phone_count; i++)
		wire_tick(&app->phones[i]);
	bool ready = register_phones(app);
	if (ready)
		play(app);
	unregister_phones(app);
	report_write(app);
	bool good = ready && report_good(app);
	close(signals.fd);
	free_app(app);
	srtp_shutdown();
	return good ? 0 : 1;
}
