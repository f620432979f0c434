/* turnpiked: starts the other processes, keeps the root key, decides what is in force. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/log.h"
#include "supervisor/supervisor.h"

static int usage(FILE *to)
{
	fputs("usage: turnpiked [--state DIR] [--run DIR] [--log-level error|warn|info|debug]\n"
	      "                 [--users PREFIX] [--web ADDRESS:PORT] [--version]\n",
	      to);
	return to == stdout ? 0 : 2;
}

static bool known_level(const char *name, enum tp_log_level *level)
{
	static const char *const names[] = { "error", "warn", "info", "debug" };

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i]) == 0) {
			*level = (enum tp_log_level)i;
			return true;
		}
	return false;
}

/* -1: go on; else the exit code. */
static int read_options(int argc, char **argv, struct tp_sup_options *o)
{
	static const struct option names[] = {
		{ "state", required_argument, NULL, 's' }, { "run", required_argument, NULL, 'r' },
		{ "log-level", required_argument, NULL, 'l' },
		{ "users", required_argument, NULL, 'u' }, { "web", required_argument, NULL, 'w' },
		{ "version", no_argument, NULL, 'v' },     { "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	enum tp_log_level level = TP_LOG_INFO;
	int c;

	*o = (struct tp_sup_options){ .state = "/var/lib/turnpike",
				      .log_level = "info",
				      .users = "turnpike" };
	while ((c = getopt_long(argc, argv, "", names, NULL)) != -1) {
		switch (c) {
		case 's': o->state = optarg; break;
		case 'r': o->run = optarg; break;
		case 'l': o->log_level = optarg; break;
		case 'u': o->users = optarg; break;
		case 'w': o->web = optarg; break;
		case 'v': puts("turnpiked " TP_VERSION); return 0;
		case 'h': return usage(stdout);
		default: return usage(stderr);
		}
	}
	if (optind != argc || !known_level(o->log_level, &level))
		return usage(stderr);
	tp_log_open(tp_process_name(TP_PROCESS_SUP), level);
	return -1;
}

static void on_signal(void *arg, uint32_t events)
{
	struct tp_sup *sup = arg;
	struct signalfd_siginfo info;

	(void)events;
	if (read(sup->signal_watch.fd, &info, sizeof(info)) != sizeof(info))
		return;
	TP_LOG(TP_LOG_INFO, "turnpiked.end", "signal %u: ending", info.ssi_signo);
	tp_sup_children_terminate(sup);
}

static enum tp_err take_signals(struct tp_sup *sup, struct tp_diag *diag)
{
	sigset_t set;
	int fd;

	signal(SIGPIPE, SIG_IGN);
	/* A terminal that hangs up is not a reason to end calls. */
	signal(SIGHUP, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0 ||
	    (fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)) < 0)
		return tp_fail(diag, TP_IO, "signals", "%s", strerror(errno));
	return tp_watch_start(sup->loop, &sup->signal_watch, fd, TP_LOOP_READ, on_signal, sup);
}

static int run(struct tp_sup *sup, const struct tp_sup_options *options)
{
	struct tp_diag diag = { 0 };
	enum tp_err err = tp_sup_open(sup, options, &diag);

	if (err == TP_OK)
		err = take_signals(sup, &diag);
	if (err == TP_OK)
		err = tp_sup_confine(&diag);
	if (err != TP_OK) {
		TP_LOG(TP_LOG_ERROR, "turnpiked.start", "%s: %s", diag.where, diag.text);
		return 1;
	}
	TP_LOG(TP_LOG_INFO, "turnpiked.start", "version %s, revision %llu in force", TP_VERSION,
	       (unsigned long long)sup->running.number);
	tp_sup_remake_start(sup);
	return tp_loop_run(sup->loop) == TP_OK && !sup->failed ? 0 : 1;
}

int main(int argc, char **argv)
{
	struct tp_sup_options options;
	struct tp_sup *sup;
	int code = read_options(argc, argv, &options);

	if (code >= 0)
		return code;
	umask(077);
	/* As for the children (os/spawn.c): the system's openssl.cnf is not read. */
	if (setenv("OPENSSL_CONF", "/dev/null", 1) < 0)
		return 1;
	sup = calloc(1, sizeof(*sup));
	if (!sup)
		return 1;
	code = run(sup, &options);
	if (sup->signal_watch.active) {
		tp_watch_stop(sup->loop, &sup->signal_watch);
		close(sup->signal_watch.fd);
	}
	tp_sup_close(sup);
	free(sup);
	return code;
}
