/* A pipelined SMTP client, the yardstick of what a sender could do at best: ready bytes, one thread, no ledger.
 *
 *     pipelined PORT CONNECTIONS MESSAGES BYTES
 *
 * N connections to 127.0.0.1; the next MAIL, RCPT and DATA ride behind the final dot of the letter before, in the
 * same write. BYTES is a letter's size on the wire, headers included, without its final dot. Prints one line of JSON;
 * ends with status 1 on any reply but the expected one.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BANNER, EHLO, MAIL, RCPT, DATA, DOT, QUIT }; /* the reply that a connection waits for */
static const char *const EXPECTED[] = {"220", "250", "250", "250", "354", "250", "221"};

struct connection {
    int fd, waits_for, blocked, last; /* last: no envelope follows the letter under way */
    size_t in_size, out_size, out_done;
    char in[8192], *out;
};

static long planned, accepted, messages;
static char *letter;
static size_t size;
static int epoll;
static double ended;

static void fail(const char *what, const char *detail) {
    fprintf(stderr, "pipelined: %s: %s\n", what, detail);
    exit(1);
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static void make_letter(void) {
    static const char head[] = "From: <source@bench.example>\r\nTo: <sink@bench.example>\r\nSubject: bench\r\n"
                               "Date: Mon, 12 Oct 2026 10:00:00 +0000\r\nMessage-ID: <bench@bench.example>\r\n\r\n";
    letter = malloc(size + 3);
    if (!letter || size < sizeof head + 2) fail("letter", "too small");
    memset(letter, 'x', size);
    memcpy(letter, head, sizeof head - 1);
    for (size_t end = sizeof head - 1 + 76; end + 4 < size; end += 78) memcpy(letter + end, "\r\n", 2);
    memcpy(letter + size - 2, "\r\n.\r\n", 5);
}

static void watch(struct connection *c, int how, unsigned events) {
    struct epoll_event event = {.events = events, .data.ptr = c};
    if (epoll_ctl(epoll, how, c->fd, &event)) fail("epoll_ctl", strerror(errno));
}

/* Write what is there; what the socket does not take waits for EPOLLOUT. */
static void flush(struct connection *c) {
    while (c->out_done < c->out_size) {
        ssize_t n = send(c->fd, c->out + c->out_done, c->out_size - c->out_done, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0 && errno != EAGAIN) fail("send", strerror(errno));
        if (n < 0) {
            if (!c->blocked) watch(c, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
            c->blocked = 1;
            return;
        }
        c->out_done += n;
    }
    c->out_size = c->out_done = 0;
    if (c->blocked) watch(c, EPOLL_CTL_MOD, EPOLLIN);
    c->blocked = 0;
}

static void say(struct connection *c, const char *bytes, size_t count) {
    memcpy(c->out + c->out_size, bytes, count);
    c->out_size += count;
}

/* The next message's commands, or QUIT when there is none. */
static void envelope(struct connection *c) {
    char text[200];
    c->last = planned >= messages;
    if (c->last) say(c, "QUIT\r\n", 6);
    else
        say(c, text, sprintf(text, "MAIL FROM:<source@bench.example>\r\nRCPT TO:<user%ld@bench.example>\r\nDATA\r\n",
                             planned++));
}

/* A final reply has come. Returns 1 when the connection is done. */
static int replied(struct connection *c, const char *line) {
    if (memcmp(line, EXPECTED[c->waits_for], 3)) fail("unexpected reply", line);
    switch (c->waits_for++) {
    case BANNER: say(c, "EHLO bench.example\r\n", 20); break;
    case EHLO:
        envelope(c);
        if (c->last) c->waits_for = QUIT;
        break;
    case DATA:
        say(c, letter, size + 3);
        envelope(c);
        break;
    case DOT:
        if (++accepted == messages) ended = now();
        c->waits_for = c->last ? QUIT : MAIL;
        break;
    case QUIT: return 1;
    }
    return 0;
}

/* Read replies. Returns 1 when the connection is done. */
static int hear(struct connection *c) {
    ssize_t n = recv(c->fd, c->in + c->in_size, sizeof c->in - 1 - c->in_size, MSG_DONTWAIT);
    if (n < 0 && errno == EAGAIN) return 0;
    if (n <= 0) fail("recv", n ? strerror(errno) : "the server hung up");
    c->in_size += n;
    c->in[c->in_size] = 0;
    char *line = c->in, *end;
    int done = 0;
    while (!done && (end = memchr(line, '\n', c->in + c->in_size - line))) {
        *end = 0;
        if (end - line > 3 && line[3] != '-') done = replied(c, line);
        line = end + 1;
    }
    c->in_size -= line - c->in;
    memmove(c->in, line, c->in_size);
    if (!done && c->out_size > c->out_done) flush(c);
    return done;
}

static void open_connection(struct connection *c, int port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    int on = 1;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    c->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&address, sizeof address)) fail("connect", strerror(errno));
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    c->out = malloc(2 * size + 1000);
    watch(c, EPOLL_CTL_ADD, EPOLLIN);
}

int main(int count, char **words) {
    if (count != 5) fail("usage", "pipelined PORT CONNECTIONS MESSAGES BYTES");
    int connections = atoi(words[2]), open = connections;
    messages = atol(words[3]);
    size = atol(words[4]);
    make_letter();
    epoll = epoll_create1(0);
    struct connection *all = calloc(connections, sizeof *all);
    struct epoll_event events[64];
    double began = now();
    for (int i = 0; i < connections; i++) open_connection(&all[i], atoi(words[1]));
    while (open) {
        int ready = epoll_wait(epoll, events, 64, 60000);
        if (ready == 0) fail("the server", "said nothing for a minute");
        for (int i = 0; i < ready; i++) {
            struct connection *c = events[i].data.ptr;
            if (events[i].events & EPOLLOUT) flush(c);
            if (events[i].events & ~EPOLLOUT && hear(c)) open--, close(c->fd);
        }
    }
    printf("{\"messages\": %ld, \"seconds\": %.6f}\n", accepted, ended - began);
    return accepted == messages ? 0 : 1;
}
