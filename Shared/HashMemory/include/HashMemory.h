#ifndef GATEHOUSE_HASH_MEMORY_H
#define GATEHOUSE_HASH_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/// Lends this thread `size` bytes at `block` for the next memory that it has mapped with MAP_POPULATE, as libsodium has for a
/// hash, until it is taken back. What is in the block stays in it: the borrower must not count on zeros.
void hash_memory_lend(void *block, size_t size);

/// Ends what hash_memory_lend began; returns whether the block was used in between.
bool hash_memory_take_back(void);

#endif
