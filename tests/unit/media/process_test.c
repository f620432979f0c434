/* The real turnpike-media, in its sandbox, with this test as supervisor and sip: it
 * carries a call, is killed, and the next one carries it on. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

#include "model/slice_write.h"
#include "os/memfd.h"
#include "os/spawn.h"
#include "rig.h"

#define LOCAL "127.0.2.35"

struct process {
	struct tp_loop *loop;
	pid_t pid;
	int srtp_fd;
	struct tp_channel *supervisor;
	bool ready, prepared;
	uint8_t prepared_err;
	struct rig r; /* its sip end and what it got; no media of its own */
};

static enum tp_err on_supervisor_frame(void *arg, struct tp_channel *ch, struct tp_frame *f)
{
	struct process *p = arg;
	struct tp_msg_config_prepared prepared = { 0 };
	enum tp_err err;

	(void)ch;
	if (f->type == TP_MSG_TYPE_ready) {
		p->ready = true;
	} else if (f->type == TP_MSG_TYPE_config_prepared) {
		err = tp_msg_config_prepared_read(&f->body, &prepared);
		assert_int_equal(err, TP_OK);
		p->prepared = true;
		p->prepared_err = prepared.err;
	}
	return TP_OK;
}

static void write_media(struct tp_wr *wr, const void *record)
{
	tp_cfg_media_write(wr, record);
}

static int make_slice(uint16_t first, uint16_t last)
{
	struct tp_cfg_network network = { .name = "lan", .address = rig_addr(LOCAL) };
	struct tp_cfg_media cfg = { .role = TP_ROLE_CORE, .port_first = first, .port_last = last,
				    .hop_rtp_port = 36000, .hop_rtcp_port = 36001,
				    .networks_count = 1, .networks = &network, .sessions_max = 10 };
	struct tp_slice_writer *w = NULL;
	int fd = -1;

	assert_int_equal(tp_slice_writer_new(TP_PROCESS_MEDIA, 1, &w), TP_OK);
	assert_int_equal(tp_slice_writer_finish(w, write_media, &cfg, &fd), TP_OK);
	tp_slice_writer_free(&w);
	return fd;
}

static uint8_t configure(struct process *p, uint16_t first, uint16_t last)
{
	struct tp_msg_config_prepare prepare = { .revision = 1 };
	struct tp_msg_config_commit commit = { .revision = 1, .commit = true };
	int fd = make_slice(first, last);

	p->prepared = false;
	assert_int_equal(TP_CHANNEL_SEND_FDS(p->supervisor, config_prepare, 1, &prepare, &fd, 1), TP_OK);
	close(fd);
	RIG_WAIT(p->loop, p->prepared, 5000);
	if (p->prepared_err == TP_OK)
		assert_int_equal(TP_CHANNEL_SEND(p->supervisor, config_commit, 2, &commit), TP_OK);
	return p->prepared_err;
}

static void introduce_sip(struct process *p)
{
	struct tp_msg_peer_up up = { .process = TP_PROCESS_SIP };
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
	assert_int_equal(TP_CHANNEL_SEND_FDS(p->supervisor, peer_up, 0, &up, &fds[0], 1), TP_OK);
	p->r.kept_end = false;
	assert_int_equal(tp_channel_new(p->loop, fds[1], TP_PROCESS_SIP, TP_PROCESS_MEDIA,
					rig_on_frame, rig_on_closed, &p->r, &p->r.sip), TP_OK);
	RIG_WAIT(p->loop, p->r.kept_end, 5000);
	close(fds[0]);
}

static int open_program(void)
{
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	assert_true(n > 0);
	self[n] = '\0';
	slash = strrchr(self, '/');
	assert_non_null(slash);
	snprintf(slash, sizeof(self) - (size_t)(slash - self), "/../bin/turnpike-media");
	return open(self, O_PATH | O_CLOEXEC);
}

static void start_process(struct process *p)
{
	const char *argv[] = { "turnpike-media", "--srtp-fd", "4", NULL };
	struct tp_spawn spawn = { .argv = argv, .fd_count = 2 };
	struct tp_diag diag;
	int ends[2], fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
	fds[0] = ends[1];
	fds[1] = p->srtp_fd;
	spawn.fds = fds;
	spawn.program_fd = open_program();
	assert_true(spawn.program_fd >= 0);
	if (tp_spawn(&spawn, &p->pid, &diag) != TP_OK)
		fail_msg("%s", diag.text);
	close(spawn.program_fd);
	close(ends[1]);
	p->ready = false;
	assert_int_equal(tp_channel_new(p->loop, ends[0], TP_PROCESS_SUP, TP_PROCESS_MEDIA,
					on_supervisor_frame, rig_on_closed, p, &p->supervisor), TP_OK);
	RIG_WAIT(p->loop, p->ready, 10000);
	assert_int_equal(configure(p, 38000, 38099), TP_OK);
	introduce_sip(p);
}

static int end_process(struct process *p, int signal)
{
	int status = 0;

	if (signal)
		kill(p->pid, signal);
	tp_channel_free(&p->supervisor); /* without one it ends in order */
	assert_int_equal(waitpid(p->pid, &status, 0), p->pid);
	tp_channel_free(&p->r.sip);
	return status;
}

/* A link of the hop: everything it needs is there in the sandbox. */
static void link_up(struct process *p)
{
	struct tp_msg_hop_set set = { .link = 1, .role = 0, .local = rig_addr(LOCAL), .name = "pair",
				      .remote_rtp = rig_addr("127.0.2.38:36000"),
				      .remote_rtcp = rig_addr("127.0.2.38:36001") };
	struct tp_msg_hop_peer_key key = { .link = 1, .epoch = 3, .key_len = 44, .link_flow = 7 };
	unsigned before = p->r.hop_keys;

	assert_int_equal(TP_CHANNEL_SEND(p->r.sip, hop_set, 5, &set), TP_OK);
	assert_int_equal(TP_CHANNEL_SEND(p->r.sip, hop_peer_key, 0, &key), TP_OK);
	RIG_WAIT(p->loop, p->r.hop_keys > before, 2000);
	RIG_WAIT(p->loop, p->r.hop_status.tx_packets > 0, 15000);
}

static void must_be_confined(pid_t pid)
{
	char path[64], line[256];
	bool no_new_privs = false, filtered = false;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	f = fopen(path, "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		no_new_privs |= strcmp(line, "NoNewPrivs:\t1\n") == 0;
		filtered |= strcmp(line, "Seccomp:\t2\n") == 0;
	}
	fclose(f);
	assert_true(no_new_privs);
	assert_true(filtered);
}

static void talk(struct process *p, struct phone *a, struct phone *b, unsigned n)
{
	struct tp_addr to_a = p->r.set_done.streams[0].local_0;
	struct tp_addr to_b = p->r.set_done.streams[0].local_1;
	unsigned had_a = a->received, had_b = b->received;

	for (unsigned i = 0; i < n; i++) {
		phone_send(a, &to_a);
		phone_send(b, &to_b);
		rig_run(p->loop, 5);
		phone_receive(a, false);
		phone_receive(b, false);
	}
	for (int i = 0; i < 200 && (a->received - had_a < n || b->received - had_b < n); i++) {
		rig_run(p->loop, 5);
		phone_receive(a, false);
		phone_receive(b, false);
	}
	assert_int_equal(a->received - had_a, n);
	assert_int_equal(b->received - had_b, n);
}

static void a_killed_process_is_followed_by_one_that_goes_on(void **state)
{
	struct process p = { .srtp_fd = -1 };
	struct tp_msg_media_set set;
	struct phone a, b;
	int status;

	(void)state;
	assert_int_equal(tp_loop_new(&p.loop), TP_OK);
	p.r.loop = p.loop;
	assert_int_equal(tp_memfd_sized("srtp", tp_srtp_state_size(100), &p.srtp_fd), TP_OK);
	phone_open(&a, "127.0.2.36:20000");
	phone_open(&b, "127.0.2.37:20000");
	set = rig_call(9, rig_udp_leg(LOCAL, &a.at), rig_udp_leg(LOCAL, &b.at));
	phone_agree(&a, &set.streams[0].legs[0], TP_SRTP_AEAD_AES_256_GCM, 1);
	phone_agree(&b, &set.streams[0].legs[1], TP_SRTP_AES_CM_128_HMAC_SHA1_80, 5);

	start_process(&p);
	must_be_confined(p.pid);
	link_up(&p);
	assert_int_equal(rig_set(&p.r, &set), TP_OK);
	talk(&p, &a, &b, 30);
	/* A revision that cannot be is refused, one that can does not touch the call. */
	assert_int_equal(configure(&p, 38001, 38000), TP_FORMAT);
	assert_int_equal(configure(&p, 39000, 39099), TP_OK);
	talk(&p, &a, &b, 10);

	status = end_process(&p, SIGKILL);
	assert_true(WIFSIGNALED(status));
	a.sequence += 100; /* two seconds of the call */
	b.sequence += 100;
	start_process(&p);
	set.streams[0].legs[0].local = p.r.set_done.streams[0].local_0;
	set.streams[0].legs[1].local = p.r.set_done.streams[0].local_1;
	assert_int_equal(rig_set(&p.r, &set), TP_OK);
	talk(&p, &a, &b, 30);
	assert_int_equal(a.refused + b.refused, 0);

	status = end_process(&p, 0);
	assert_true(WIFEXITED(status));
	phone_close(&a);
	phone_close(&b);
	close(p.srtp_fd);
	tp_loop_free(&p.loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_killed_process_is_followed_by_one_that_goes_on),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
