/* turnpike-media: relays RTP and RTCP between the legs of calls and over the hop. */
#include <openssl/crypto.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "core/log.h"
#include "ipc/child.h"
#include "media/media.h"
#include "media/srtp.h"
#include "os/memfd.h"
#include "os/sandbox.h"

enum { SRTP_KEYS = 8192 }; /* when the supervisor keeps no memory for us */

struct process {
	struct tp_child *child;
	struct tp_media *media;
};

static enum tp_err prepare(void *arg, const struct tp_slice *slice, struct tp_diag *diag)
{
	struct process *p = arg;
	struct tp_rd body = slice->body;
	struct tp_cfg_media cfg = { 0 };
	enum tp_err err = tp_cfg_media_read(&body, &cfg);

	if (err)
		return tp_fail(diag, err, "", "the slice for media does not decode");
	err = tp_media_prepare(p->media, &cfg, diag);
	tp_cfg_media_fini(&cfg);
	return err;
}

static void commit(void *arg)
{
	struct process *p = arg;

	tp_media_commit(p->media);
}

static void abort_prepared(void *arg)
{
	(void)arg; /* what was prepared holds nothing, and the next one replaces it */
}

static void peer_up(void *arg, struct tp_channel *ch)
{
	struct process *p = arg;

	tp_media_peer_up(p->media, ch);
}

static enum tp_err peer_frame(void *arg, struct tp_channel *ch, struct tp_frame *frame)
{
	struct process *p = arg;

	return tp_media_frame(p->media, ch, frame);
}

static void peer_closed(void *arg, enum tp_process peer)
{
	struct process *p = arg;

	tp_media_peer_closed(p->media, peer);
}

/* Two sockets a leg: as many as we may have. */
static void raise_file_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

/* Sound that waits for a processor is sound lost. Without the right to it, as before. */
static void go_before_others(void)
{
	if (setpriority(PRIO_PROCESS, 0, -10) < 0)
		TP_LOG(TP_LOG_INFO, "media.start", "no right to a higher priority");
}

/* The memory that outlives us, or without a supervisor's one that does not. */
static enum tp_err map_srtp_state(int argc, char **argv, void **memory, size_t *len)
{
	int fd = tp_child_arg_fd(argc, argv, "--srtp-fd");

	if (fd >= 0)
		return tp_memfd_map(fd, true, memory, len);
	TP_LOG(TP_LOG_WARN, "media.srtp", "no --srtp-fd: encrypted calls will not survive a crash");
	*len = tp_srtp_state_size(SRTP_KEYS);
	*memory = mmap(NULL, *len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return *memory == MAP_FAILED ? TP_NOMEM : TP_OK;
}

/* OpenSSL starts before the sandbox closes files off; it would read its configuration file at the
 * first cipher, and no file of the machine is to decide how we seal. */
static enum tp_err start_openssl(void)
{
	return OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_LOAD_CRYPTO_STRINGS |
				   OPENSSL_INIT_ADD_ALL_CIPHERS | OPENSSL_INIT_ADD_ALL_DIGESTS, NULL) == 1 ?
		       TP_OK :
		       TP_INTERNAL;
}

static int run(struct process *p, int argc, char **argv)
{
	struct tp_diag diag = { 0 };
	void *memory = NULL;
	size_t len = 0;
	enum tp_err err;

	raise_file_limit();
	go_before_others();
	err = start_openssl();
	if (!err)
		err = map_srtp_state(argc, argv, &memory, &len);
	if (!err)
		err = tp_media_new(tp_child_loop(p->child), memory, len, &p->media);
	if (!err)
		err = tp_sandbox_enter(&tp_sandbox_profile_media, NULL, 0, &diag);
	return tp_child_serve(p->child, err, &diag);
}

int main(int argc, char **argv)
{
	static const struct tp_child_handlers handlers = {
		.prepare = prepare,
		.commit = commit,
		.abort = abort_prepared,
		.peer_up = peer_up,
		.peer_frame = peer_frame,
		.peer_closed = peer_closed,
	};
	struct process p = { 0 };
	int result;

	if (tp_child_new(TP_PROCESS_MEDIA, argc, argv, &handlers, &p, &p.child) != TP_OK)
		return 1;
	result = run(&p, argc, argv);
	tp_media_free(&p.media);
	tp_child_free(&p.child);
	return result;
}
