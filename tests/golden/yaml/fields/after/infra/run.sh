#!/bin/sh
exec docker run registry.example.com/acme/app:1.30 "$@"
exec docker run registry.example.com/acme/app-debug:1.25
