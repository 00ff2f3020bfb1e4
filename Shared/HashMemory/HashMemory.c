// libsodium maps the memory of each hash anew and gives it back at the end: 4,864 pages for the kernel to clear and to enter, which
// takes it as long as the hash itself takes on many a virtual machine. There is no way to give it memory, so its call
// is answered here (docs/decisions/0015). A program's own mmap comes before the C library's, for all of its libraries.
#define _GNU_SOURCE
#include "HashMemory.h"

#include <stdint.h>
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
    bool is_taken;
    bool was_taken;
} lent;

void hash_memory_lend(void *block, size_t size) {
    lent.block = block;
    lent.size = size;
    lent.is_taken = false;
    lent.was_taken = false;
}

bool hash_memory_take_back(void) {
    lent.block = NULL;
    return lent.was_taken;
}

#if !defined(LEAVES_MMAP_ALONE)

void *mmap(void *address, size_t length, int protection, int flags, int file, off_t offset) {
    const int wanted = MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE;
    if (lent.block != NULL && !lent.is_taken && length <= lent.size && address == NULL && file == -1 &&
        protection == (PROT_READ | PROT_WRITE) && (flags & (wanted | MAP_FIXED)) == wanted) {
        lent.is_taken = true;
        lent.was_taken = true;
        return lent.block;
    }
    return (void *)(intptr_t)syscall(SYS_mmap, address, length, protection, flags, file, offset);
}

int munmap(void *address, size_t length) {
    if (lent.block != NULL && lent.is_taken && address == lent.block) {
        lent.is_taken = false;
        return 0;
    }
    return (int)syscall(SYS_munmap, address, length);
}

#endif
