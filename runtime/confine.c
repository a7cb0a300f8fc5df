/*
 * A seccomp filter that refuses (EPERM) a short list of calls which a server never makes, for this
 * architecture; calls of another architecture's numbering are refused altogether.
 */
#define _DEFAULT_SOURCE /* syscall numbers */
#include "runtime/confine.h"

#include "engine/base/attr.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#if defined(__x86_64__)
#define ARCH    AUDIT_ARCH_X86_64
#define FOREIGN 0x40000000u /* numbers of the x32 ABI begin here */
#elif defined(__aarch64__)
#define ARCH    AUDIT_ARCH_AARCH64
#define FOREIGN 0x80000000u /* none */
#endif

#ifdef ARCH
static const unsigned REFUSED[] = {
#ifndef __SANITIZE_ADDRESS__ /* the leak checker stops the threads with it */
    SYS_ptrace,
#endif
    SYS_execve,        SYS_execveat,        SYS_process_vm_readv, SYS_process_vm_writev,
    SYS_mount,         SYS_umount2,         SYS_pivot_root,       SYS_chroot,
    SYS_bpf,           SYS_kexec_load,      SYS_init_module,      SYS_finit_module,
    SYS_delete_module, SYS_reboot,          SYS_add_key,          SYS_request_key,
    SYS_keyctl,        SYS_perf_event_open, SYS_unshare,          SYS_setns,
    SYS_userfaultfd,   SYS_swapon,          SYS_swapoff,
};

#define REFUSE BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM)
#define FIXED  6
#define TAIL   2

static bool install(struct sock_filter *code, size_t n)
{
    struct sock_fprog prog = {.len = (unsigned short)n, .filter = code};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog, 0, 0) == 0;
}

static bool filter_calls(void)
{
    struct sock_filter code[FIXED + ARRAY_LEN(REFUSED) + TAIL] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0),
        REFUSE,
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, FOREIGN, 0, 1),
        REFUSE,
    };
    size_t n = FIXED;
    for (size_t i = 0; i < ARRAY_LEN(REFUSED); i++) {
        /* a hit jumps over the rest of the list and the allowing return */
        unsigned char hit = (unsigned char)(ARRAY_LEN(REFUSED) - i);
        code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, REFUSED[i], hit, 0);
    }
    code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    code[n++] = (struct sock_filter)REFUSE;
    return install(code, n);
}
#else
static bool filter_calls(void)
{
    return false;
}
#endif

bool confine_process(void)
{
    struct rlimit none = {0, 0};
    (void)setrlimit(RLIMIT_CORE,
                    &none); /* secrets never go to a core file; a refusal leaves it as it was */
    return filter_calls();
}
