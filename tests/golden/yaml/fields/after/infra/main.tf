locals {
  image   = "registry.example.com/acme/app:1.30" # ours
  other   = "registry.example.com/acme/app:1.25"
}
