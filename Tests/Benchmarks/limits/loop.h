// Does one thing again and again for some seconds, then tells how often and what CPU it took, as a line of JSON.
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

static double seconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double cpu_now(void) {
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

// `once` returns 0 when it went well. The first time is not counted.
static int loop(double seconds, int (*once)(void)) {
    if (once()) return 1;
    long operations = 0;
    double began = seconds_now(), used = cpu_now(), now = began;
    while (now - began < seconds) {
        if (once()) {
            fprintf(stderr, "an operation failed\n");
            return 1;
        }
        operations++;
        now = seconds_now();
    }
    printf("{\"operations\":%ld,\"seconds\":%.6f,\"cpu\":%.6f}\n", operations, now - began, cpu_now() - used);
    return 0;
}
