import ArgumentParser
import Glibc

// A pipe whose reader has gone is told by write, and curl must not end the process over a socket.
signal(SIGPIPE, SIG_IGN)
exit(await Gatehouse.perform(Array(Swift.CommandLine.arguments.dropFirst())))
