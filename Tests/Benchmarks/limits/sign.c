// Signatures and their verification as OpenSSL does them, nothing around them.
//
// Usage: sign ES256|EdDSA sign|verify SECONDS
#include "loop.h"

#include <openssl/evp.h>
#include <string.h>

static const EVP_MD *digest;
static EVP_PKEY *key;
static unsigned char message[480], signature[256];
static size_t signature_length;

static int sign_once(void) {
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    signature_length = sizeof signature;
    int good = EVP_DigestSignInit(context, NULL, digest, NULL, key) == 1 &&
               EVP_DigestSign(context, signature, &signature_length, message, sizeof message) == 1;
    EVP_MD_CTX_free(context);
    return !good;
}

static int verify_once(void) {
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    int good = EVP_DigestVerifyInit(context, NULL, digest, NULL, key) == 1 &&
               EVP_DigestVerify(context, signature, signature_length, message, sizeof message) == 1;
    EVP_MD_CTX_free(context);
    return !good;
}

int main(int count, char **words) {
    if (count != 4) {
        fprintf(stderr, "usage: sign ES256|EdDSA sign|verify SECONDS\n");
        return 2;
    }
    // As long as the signed part of an access token.
    memset(message, 'x', sizeof message);
    if (strcmp(words[1], "ES256") == 0) {
        digest = EVP_sha256();
        key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    } else {
        key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    }
    if (!key || sign_once()) return 1;
    return loop(atof(words[3]), strcmp(words[2], "sign") == 0 ? sign_once : verify_once);
}
