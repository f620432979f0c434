/* What the supervisor gives up once everything is open. Runs in turnpiked.
 *
 * A seccomp filter goes on to the children, so this one cannot be a short allow-list:
 * it kills what neither the supervisor nor any child ever needs. The children's own
 * allow-lists (os/sandbox_profiles.c) come on top. */
#include <errno.h>
#include <linux/capability.h>
#include <seccomp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "supervisor/supervisor.h"

/* Starting children as other users with fewer rights, media before others in the
 * scheduler, and killing them. */
static const int kept[] = { CAP_SETUID,       CAP_SETGID,           CAP_SETPCAP, CAP_KILL,
			    CAP_SYS_RESOURCE, CAP_NET_BIND_SERVICE, CAP_SYS_NICE };

static const int forbidden[] = {
	SCMP_SYS(mount),          SCMP_SYS(umount2),        SCMP_SYS(pivot_root),
	SCMP_SYS(chroot),         SCMP_SYS(swapon),         SCMP_SYS(swapoff),
	SCMP_SYS(reboot),         SCMP_SYS(kexec_load),     SCMP_SYS(kexec_file_load),
	SCMP_SYS(init_module),    SCMP_SYS(finit_module),   SCMP_SYS(delete_module),
	SCMP_SYS(bpf),            SCMP_SYS(perf_event_open), SCMP_SYS(userfaultfd),
	SCMP_SYS(keyctl),         SCMP_SYS(add_key),        SCMP_SYS(request_key),
	SCMP_SYS(setns),          SCMP_SYS(unshare),        SCMP_SYS(open_by_handle_at),
	SCMP_SYS(process_vm_writev), SCMP_SYS(acct),        SCMP_SYS(quotactl),
	SCMP_SYS(iopl),           SCMP_SYS(ioperm),         SCMP_SYS(settimeofday),
	SCMP_SYS(clock_settime),  SCMP_SYS(sethostname),    SCMP_SYS(setdomainname),
	SCMP_SYS(mknod),          SCMP_SYS(mknodat),        SCMP_SYS(io_uring_setup),
	SCMP_SYS(personality),    SCMP_SYS(kcmp),           SCMP_SYS(syslog),
#ifndef TP_SANITIZE
	SCMP_SYS(ptrace),         SCMP_SYS(process_vm_readv),
#endif
};

static enum tp_err keep_capabilities(struct tp_diag *diag)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { { 0 } };
	uint64_t keep = 0;

	if (geteuid() != 0)
		return TP_OK;
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		keep |= UINT64_C(1) << kept[i];
	for (int cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		if (!(keep >> cap & 1) && prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0)
			return tp_fail(diag, TP_IO, "bounding set", "%s", strerror(errno));
	if (syscall(SYS_capget, &head, data) < 0)
		return tp_fail(diag, TP_IO, "capabilities", "%s", strerror(errno));
	/* A container may have taken some of them already. */
	for (int i = 0; i < 2; i++) {
		data[i].permitted &= (uint32_t)(keep >> (32 * i));
		data[i].effective = data[i].permitted;
		data[i].inheritable = 0;
	}
	if (syscall(SYS_capset, &head, data) < 0)
		return tp_fail(diag, TP_IO, "capabilities", "%s", strerror(errno));
	return TP_OK;
}

static enum tp_err forbid_calls(struct tp_diag *diag)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	int r = 0;

	if (!ctx)
		return tp_fail(diag, TP_NOMEM, "seccomp", "no memory");
	for (size_t i = 0; i < sizeof(forbidden) / sizeof(forbidden[0]) && r == 0; i++)
		if (forbidden[i] != __NR_SCMP_ERROR)
			r = seccomp_rule_add(ctx, SCMP_ACT_KILL_PROCESS, forbidden[i], 0);
	if (r == 0)
		r = seccomp_load(ctx);
	seccomp_release(ctx);
	return r == 0 ? TP_OK : tp_fail(diag, TP_IO, "seccomp", "%s", strerror(-r));
}

enum tp_err tp_sup_confine(struct tp_diag *diag)
{
	enum tp_err err = keep_capabilities(diag);

	if (err != TP_OK)
		return err;
	/* The root key is in this memory. Not earlier: without root it closes /proc/self. */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return tp_fail(diag, TP_IO, "no_new_privs", "%s", strerror(errno));
	return forbid_calls(diag);
}
