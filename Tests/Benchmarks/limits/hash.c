// Verifies a password against its Argon2id hash of 19 MiB and 2 passes, nothing around it: `kept` in memory that is lent to
// libsodium, of large pages, as identity does, `anew` in memory that it has mapped for each.
//
// Usage: hash kept|anew SECONDS
#include "HashMemory.h"
#include "loop.h"

#include <sodium.h>
#include <string.h>
#include <sys/mman.h>

#define KIBIBYTES 19456UL
#define LARGE_PAGE (2UL << 20)

static const char password[] = "correct horse 7 battery";
static char stored[crypto_pwhash_STRBYTES];

static void *block;

static int verify(void) { return crypto_pwhash_str_verify(stored, password, strlen(password)); }

static int verify_in_block(void) {
    hash_memory_lend(block, KIBIBYTES * 1024);
    int outcome = verify();
    return hash_memory_take_back() == hash_memory_used ? outcome : -1;
}

int main(int count, char **words) {
    int is_kept = count == 3 && strcmp(words[1], "kept") == 0;
    if (count != 3 || (!is_kept && strcmp(words[1], "anew") != 0)) {
        fprintf(stderr, "usage: hash kept|anew SECONDS\n");
        return 2;
    }
    size_t size = (KIBIBYTES * 1024 + LARGE_PAGE - 1) / LARGE_PAGE * LARGE_PAGE;
    if (!(block = aligned_alloc(LARGE_PAGE, size))) return 1;
    // Where it is refused, identity has to do without as well.
    (void)madvise(block, size, MADV_HUGEPAGE);
    if (sodium_init() < 0 || crypto_pwhash_str_alg(stored, password, strlen(password), 2, KIBIBYTES * 1024,
                                                   crypto_pwhash_ALG_ARGON2ID13))
        return 1;
    return loop(atof(words[2]), is_kept ? verify_in_block : verify);
}
