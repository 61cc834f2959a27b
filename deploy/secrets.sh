#!/bin/sh
# Makes the authority, certificates, passwords and addresses of docker-compose.yml, as files.
#
#   sh deploy/secrets.sh DIRECTORY     (as root: each file is given to the user who reads it)
#
# Existing files stay, so it may be run at any time: remove a file to have it made
# again (docs/deploy.md, "Secrets and certificates"). A folder holds the files of one service.
set -eu
umask 077

directory=${1:?"usage: secrets.sh DIRECTORY"}
days_ca=3650 # of the authority, which only these services trust
days=825     # of a certificate: Apple's and others' clients refuse longer ones
renew_s=2592000 # a certificate with less than 30 days left is renewed
ca="$directory/ca"

# The users that the images run as. Numbers, because they are not users of this machine.
house=10001 postgresql=999 redis=999 kafka=1000 mongodb=999 grafana=472

fail() {
  echo "secrets.sh: $*" >&2
  exit 2
}

# write FILE: standard input becomes FILE in one step; an interrupted run leaves no partial file.
write() {
  mkdir -p "$(dirname "$1")"
  cat >"$1.new"
  mv "$1.new" "$1"
}

# password FOLDER/NAME prints the password in that file, which is drawn at the first call.
password() {
  [ -s "$directory/$1" ] || openssl rand -hex 32 | write "$directory/$1"
  cat "$directory/$1"
}

# text FOLDER/NAME TEXT writes a file that contains passwords, so that it follows them.
text() {
  printf '%s\n' "$2" | write "$directory/$1"
}

authority() {
  [ -s "$ca/ca.crt" ] && return
  mkdir -p "$ca"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -sha256 -days "$days_ca" -subj "/CN=Auction house" \
    -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign \
    -keyout "$ca/ca.key" -out "$ca/ca.crt.new" 2>/dev/null
  mv "$ca/ca.crt.new" "$ca/ca.crt"
}

# certificate FOLDER NAME...: server.crt and server.key there, for these host names.
certificate() {
  folder="$directory/$1"
  shift
  mkdir -p "$folder"
  cp "$ca/ca.crt" "$folder/ca.crt"
  if [ -s "$folder/server.crt" ] && [ -s "$folder/server.key" ] &&
    openssl verify -CAfile "$ca/ca.crt" "$folder/server.crt" >/dev/null 2>&1 &&
    openssl x509 -in "$folder/server.crt" -noout -checkend "$renew_s" >/dev/null; then
    return
  fi
  names="DNS:localhost,IP:127.0.0.1"
  for name in "$@"; do names="$names,DNS:$name"; done
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -sha256 -subj "/CN=$1" \
    -keyout "$folder/server.key" -out "$folder/server.csr" 2>/dev/null
  printf 'subjectAltName=%s\nextendedKeyUsage=serverAuth,clientAuth\n' "$names" >"$folder/server.ext"
  openssl x509 -req -in "$folder/server.csr" -sha256 -days "$days" -extfile "$folder/server.ext" \
    -CA "$ca/ca.crt" -CAkey "$ca/ca.key" -set_serial "0x$(openssl rand -hex 16)" \
    -out "$folder/server.crt.new" 2>/dev/null
  mv "$folder/server.crt.new" "$folder/server.crt"
  rm "$folder/server.csr" "$folder/server.ext"
}

# Redis lets in the one user of the house, and nobody without a password. The default user may do
# everything, because as that one Redis reads its own file again at a start: it leaves out the
# transactions in it that this user may not do.
redis() {
  certificate "$1" "$1"
  hash=$(printf %s "$(password "$1/password")" | openssl dgst -sha256 -r | cut -d' ' -f1)
  text "$1/users.acl" "user default off resetpass ~* &* +@all
user auction on #$hash ~* &* +@all -@admin -@dangerous +info +keys"
  query="ssl_cert_reqs=required&ssl_ca_certs=/run/secrets/ca.crt"
  text "house/$2" "rediss://auction:$(password "$1/password")@$1:6379/0?$query"
}

give() {
  chmod 0400 "$directory/$1"/*
  chmod 0500 "$directory/$1"
  if [ "$(id -u)" -eq 0 ]; then chown -R "$2:$2" "$directory/$1"; fi
}

take_back() {
  for folder in "$directory"/*/; do chmod -f u+rwx "$folder" || true; done
}

command -v openssl >/dev/null || fail "openssl is missing"
mkdir -p "$directory" || fail "$directory cannot be made"
take_back
authority

certificate postgresql postgresql
password postgresql/superuser_password >/dev/null
text house/database_url "postgresql://auction:$(password postgresql/auction_password)@postgresql:5432/auction?sslmode=verify-full&sslrootcert=/run/secrets/ca.crt"

redis redis-broker redis_broker_url
redis redis-fanout redis_fanout_url
redis redis-auth redis_auth_url

certificate kafka kafka-1 kafka-2 kafka-3
cat "$directory/kafka/server.key" "$directory/kafka/server.crt" | write "$directory/kafka/server.pem"
[ -s "$directory/kafka/cluster_id" ] ||
  openssl rand 16 | openssl base64 | tr '+/' '-_' | tr -d '=\n' | write "$directory/kafka/cluster_id"
for user in operator gateway bridge worker; do
  text "kafka-$user/password" "$(password "kafka/${user}_password")"
done
text kafka-bridge/clock_password "$(password kafka/clock_password)"

certificate mongodb mongodb
cat "$directory/mongodb/server.key" "$directory/mongodb/server.crt" | write "$directory/mongodb/server.pem"
password mongodb/root_password >/dev/null
text house/mongodb_url "mongodb://auction:$(password mongodb/auction_password)@mongodb:27017/auction?tls=true&tlsCAFile=/run/secrets/ca.crt"

password house/secret_key >/dev/null
# Nobody can draw a log-in to a mail server: until there is one in this file, no mail is sent.
[ -s "$directory/house/smtp_url" ] || text house/smtp_url none
text house/flower_basic_auth "flower:$(password house/flower_password)"
cp "$ca/ca.crt" "$directory/house/ca.crt"
password grafana/admin_password >/dev/null

for one in house kafka-operator kafka-gateway kafka-bridge kafka-worker; do give "$one" $house; done
give postgresql $postgresql
for one in redis-broker redis-fanout redis-auth; do give "$one" $redis; done
give kafka $kafka
give mongodb $mongodb
give grafana $grafana
give ca 0
echo "Secrets of the house are in $directory."
