// Verifies a password against its Argon2id hash of 19 MiB and 2 passes, nothing around it.
//
// Usage: hash SECONDS
#include "loop.h"

#include <sodium.h>
#include <string.h>

static const char password[] = "correct horse 7 battery";
static char stored[crypto_pwhash_STRBYTES];

static int verify_once(void) { return crypto_pwhash_str_verify(stored, password, strlen(password)); }

int main(int count, char **words) {
    if (count != 2) {
        fprintf(stderr, "usage: hash SECONDS\n");
        return 2;
    }
    if (sodium_init() < 0 || crypto_pwhash_str_alg(stored, password, strlen(password), 2, 19456UL * 1024,
                                                   crypto_pwhash_ALG_ARGON2ID13))
        return 1;
    return loop(atof(words[1]), verify_once);
}
