#ifndef GATEHOUSE_HASH_MEMORY_H
#define GATEHOUSE_HASH_MEMORY_H

#include <stddef.h>

/// Lends this thread `size` bytes at `block` for the next memory that it has mapped with MAP_POPULATE, as libsodium has for a
/// hash, until it is taken back. What is in the block stays in it: the borrower must not count on zeros.
void hash_memory_lend(void *block, size_t size);

/// What became of a block that was lent.
typedef enum {
    /// Nobody asked for it.
    hash_memory_unused,
    /// It was used and given back.
    hash_memory_used,
    /// It was taken and not given back, or not in whole: it must not be lent again, nor unmapped.
    hash_memory_kept
} hash_memory_outcome;

/// Ends what hash_memory_lend began.
hash_memory_outcome hash_memory_take_back(void);

#endif
