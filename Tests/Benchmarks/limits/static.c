// The least that an HTTP server does: a constant answer on kept connections, one process, epoll, no look at the request
// but for where its head ends. Bodies are not expected.
//
// Usage: static PORT SIZE
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MOST_CONNECTIONS = 65536, MOST_ANSWERS = 64 };

// How much of "\r\n\r\n" the connection has shown at the end of what was read.
static unsigned char matched[MOST_CONNECTIONS];

static void die(const char *what) {
    perror(what);
    exit(1);
}

static int listen_on(int port) {
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 4096))
        die("listen");
    return listener;
}

static int count_requests(int connection, const char *bytes, ssize_t length) {
    static const char end[] = "\r\n\r\n";
    int requests = 0;
    unsigned char state = matched[connection];
    for (ssize_t at = 0; at < length; at++) {
        state = bytes[at] == end[state] ? state + 1 : bytes[at] == '\r';
        if (state == 4) {
            requests++;
            state = 0;
        }
    }
    matched[connection] = state;
    return requests;
}

int main(int count, char **words) {
    if (count != 3) {
        fprintf(stderr, "usage: static PORT SIZE\n");
        return 2;
    }
    size_t size = (size_t)atol(words[2]);
    char *answer = malloc(size + 256);
    if (!answer) die("malloc");
    size_t length = (size_t)sprintf(
        answer, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n", size);
    memset(answer + length, 'x', size);
    length += size;
    char *answers = malloc(length * MOST_ANSWERS);
    if (!answers) die("malloc");
    for (int number = 0; number < MOST_ANSWERS; number++) memcpy(answers + length * number, answer, length);

    int listener = listen_on(atoi(words[1])), loop = epoll_create1(0), on = 1;
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, events[512];
    if (loop < 0 || epoll_ctl(loop, EPOLL_CTL_ADD, listener, &event)) die("epoll");
    for (;;) {
        int ready = epoll_wait(loop, events, 512, -1);
        for (int index = 0; index < ready; index++) {
            int connection = events[index].data.fd;
            if (connection == listener) {
                int accepted;
                while ((accepted = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
                    if (accepted >= MOST_CONNECTIONS) {
                        close(accepted);
                        continue;
                    }
                    setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
                    matched[accepted] = 0;
                    event = (struct epoll_event){.events = EPOLLIN, .data.fd = accepted};
                    epoll_ctl(loop, EPOLL_CTL_ADD, accepted, &event);
                }
                continue;
            }
            char bytes[16384];
            ssize_t read_now = read(connection, bytes, sizeof bytes);
            if (read_now <= 0) {
                if (read_now == 0 || errno != EAGAIN) close(connection);
                continue;
            }
            int requests = count_requests(connection, bytes, read_now);
            while (requests > 0) {
                int now = requests < MOST_ANSWERS ? requests : MOST_ANSWERS;
                // So little always fits where each caller waits for its answer.
                if (write(connection, answers, length * (size_t)now) != (ssize_t)(length * (size_t)now)) {
                    close(connection);
                    break;
                }
                requests -= now;
            }
        }
    }
}
