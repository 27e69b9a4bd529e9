/* echo-poll PORT: sends back what clients send, over TCP and UDP, any number of clients at once.
 *
 * BSD sockets that do not block, and poll(2): a client that reads late keeps its own bytes waiting alone. */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* The listener and the UDP socket come first. */
enum { FIRST_CLIENT = 2, SOCKETS = 512, CHUNK = 64 * 1024 };

/* What came from a client and has not gone back yet: as long as there is some, no more is read. */
struct client {
    size_t start, end;
    char chunk[CHUNK];
};

static struct pollfd sockets[SOCKETS];
static struct client *clients[SOCKETS];
static nfds_t count = FIRST_CLIENT;

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static int make_socket(int kind, uint16_t port)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
    int handle = socket(AF_INET, kind | SOCK_NONBLOCK, 0);
    if (handle < 0 || bind(handle, (struct sockaddr *)&address, sizeof address) < 0)
        fail("bind");
    if (kind == SOCK_STREAM && listen(handle, 128) < 0)
        fail("listen");
    return handle;
}

static void accept_clients(int listener)
{
    while (count < SOCKETS) {
        int handle = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
        if (handle < 0)
            return;
        clients[count] = calloc(1, sizeof **clients);
        if (!clients[count])
            fail("calloc");
        sockets[count++] = (struct pollfd){ .fd = handle, .events = POLLIN };
    }
}

static void echo_datagrams(int handle)
{
    static char datagram[CHUNK];
    struct sockaddr_in sender;
    socklen_t size = sizeof sender;
    ssize_t length;
    while ((length = recvfrom(handle, datagram, sizeof datagram, 0, (struct sockaddr *)&sender, &size)) >= 0) {
        sendto(handle, datagram, (size_t)length, 0, (struct sockaddr *)&sender, size);
        size = sizeof sender;
    }
}

/* Whether the client goes on. */
static int echo(struct pollfd *socket, struct client *client)
{
    if (client->start == client->end) {
        ssize_t length = read(socket->fd, client->chunk, CHUNK);
        if (length <= 0)
            return length < 0 && errno == EAGAIN;
        client->start = 0;
        client->end = (size_t)length;
    }
    ssize_t length = write(socket->fd, client->chunk + client->start, client->end - client->start);
    if (length < 0 && errno != EAGAIN)
        return 0;
    client->start += length > 0 ? (size_t)length : 0;
    socket->events = client->start == client->end ? POLLIN : POLLOUT;
    return 1;
}

static void drop(nfds_t number)
{
    close(sockets[number].fd);
    free(clients[number]);
    count--;
    sockets[number] = sockets[count];
    clients[number] = clients[count];
}

int main(int argc, char **argv)
{
    uint16_t port = argc == 2 ? (uint16_t)atoi(argv[1]) : 0;
    if (!port) {
        fprintf(stderr, "Usage: echo-poll PORT\n");
        return 2;
    }
    sockets[0] = (struct pollfd){ .fd = make_socket(SOCK_STREAM, port), .events = POLLIN };
    sockets[1] = (struct pollfd){ .fd = make_socket(SOCK_DGRAM, port), .events = POLLIN };
    printf("listening on 0.0.0.0:%u\n", port);
    fflush(stdout);
    for (;;) {
        if (poll(sockets, count, -1) < 0)
            fail("poll");
        if (sockets[1].revents)
            echo_datagrams(sockets[1].fd);
        /* From the end: the last one takes the place of one that goes. */
        for (nfds_t number = count; number-- > FIRST_CLIENT;)
            if (sockets[number].revents && !echo(&sockets[number], clients[number]))
                drop(number);
        if (sockets[0].revents)
            accept_clients(sockets[0].fd);
    }
}
