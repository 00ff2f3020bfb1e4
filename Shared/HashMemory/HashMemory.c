// libsodium maps the memory of each hash anew and gives it back at the end: 4,864 pages for the kernel to clear and to enter, which
// takes it as long as the hash itself takes on many a virtual machine. There is no way to give it memory, so its call
// is answered here (docs/decisions/0015). A program's own mmap comes before the C library's, for all of its libraries.
#define _GNU_SOURCE
#include "HashMemory.h"

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
// Sanitizers have a mmap of their own.
#define LEAVES_MMAP_ALONE
#endif
#endif

#if !defined(__linux__)
#define LEAVES_MMAP_ALONE
#endif

// Of each thread, so that what others map meanwhile is none of its business, and no lock is needed.
static _Thread_local struct {
    void *block;
    size_t size;
    // Bytes that the borrower has of it; 0 while nobody has it.
    size_t taken;
    hash_memory_outcome outcome;
} lent;

void hash_memory_lend(void *block, size_t size) {
    lent.block = block;
    lent.size = size;
    lent.taken = 0;
    lent.outcome = hash_memory_unused;
}

hash_memory_outcome hash_memory_take_back(void) {
    // The first two KiB are made of the password by two quick hashes, and a single pass leaves them as they were.
    if (lent.outcome == hash_memory_used) explicit_bzero(lent.block, lent.size < 2048 ? lent.size : 2048);
    lent.block = NULL;
    return lent.outcome;
}

#if !defined(LEAVES_MMAP_ALONE)

void *mmap(void *address, size_t length, int protection, int flags, int file, off_t offset) {
    if (lent.block != NULL && lent.taken == 0 && lent.outcome != hash_memory_kept && length > 0 && length <= lent.size &&
        address == NULL && file == -1 && protection == (PROT_READ | PROT_WRITE) &&
        (flags & ~MAP_NORESERVE) == (MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE)) {
        lent.taken = length;
        lent.outcome = hash_memory_kept;
        return lent.block;
    }
    return (void *)(intptr_t)syscall(SYS_mmap, address, length, protection, flags, file, offset);
}

int munmap(void *address, size_t length) {
    if (lent.block != NULL && lent.taken != 0 && address == lent.block && length == lent.taken) {
        lent.taken = 0;
        lent.outcome = hash_memory_used;
        return 0;
    }
    return (int)syscall(SYS_munmap, address, length);
}

#endif
