#!/bin/sh
exec docker run registry.example.com/acme/app:1.25 "$@"
exec docker run registry.example.com/acme/app-debug:1.25
