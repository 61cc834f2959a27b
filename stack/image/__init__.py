"""`make image-check`: the image is built, and the compose file's services run, by Debian's podman.

No registry is asked: Debian's packages make stand-ins for the images that ours is built on and for
those of the stores (stack/image/*.Dockerfile). All else is read from the Dockerfile and the compose
file, with the settings of production: commands, environment, mounts, users, rights, read-only root,
start order and health checks.
"""
