/* echo-select PORT: sends back what clients send, several clients at once, by select(2).
 *
 * The oldest way to serve many clients with one thread: blocking sockets that are only touched when they are ready. */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

static int listen_on(uint16_t port)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
    int one = 1, handle = socket(AF_INET, SOCK_STREAM, 0);
    if (handle < 0 || setsockopt(handle, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) < 0
        || bind(handle, (struct sockaddr *)&address, sizeof address) < 0 || listen(handle, 64) < 0) {
        perror("listen");
        exit(1);
    }
    return handle;
}

/* Whether all of it went out. */
static int write_all(int handle, const char *bytes, ssize_t length)
{
    while (length > 0) {
        ssize_t written = write(handle, bytes, (size_t)length);
        if (written <= 0)
            return 0;
        bytes += written;
        length -= written;
    }
    return 1;
}

/* Whether the client goes on. */
static int echo(int handle)
{
    static char chunk[16 * 1024];
    ssize_t length = recv(handle, chunk, sizeof chunk, 0);
    return length > 0 && write_all(handle, chunk, length);
}

int main(int argc, char **argv)
{
    uint16_t port = argc == 2 ? (uint16_t)atoi(argv[1]) : 0;
    if (!port) {
        fprintf(stderr, "Usage: echo-select PORT\n");
        return 2;
    }
    int listener = listen_on(port), highest = listener;
    fd_set all;
    FD_ZERO(&all);
    FD_SET(listener, &all);
    printf("listening on 0.0.0.0:%u\n", port);
    fflush(stdout);
    for (;;) {
        fd_set ready = all;
        /* With a time limit, which no client is to notice. */
        struct timeval limit = { .tv_sec = 0, .tv_usec = 200000 };
        if (select(highest + 1, &ready, NULL, NULL, &limit) < 0) {
            perror("select");
            return 1;
        }
        for (int handle = 0; handle <= highest; handle++) {
            if (handle == listener || !FD_ISSET(handle, &ready) || echo(handle))
                continue;
            FD_CLR(handle, &all);
            close(handle);
        }
        if (FD_ISSET(listener, &ready)) {
            int handle = accept(listener, NULL, NULL);
            if (handle < 0)
                continue;
            FD_SET(handle, &all);
            highest = handle > highest ? handle : highest;
        }
    }
}
