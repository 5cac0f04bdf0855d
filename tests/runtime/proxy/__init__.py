"""The reverse proxy between real sockets."""
