#!/bin/sh
# Installs Debian packages as root without starting or changing any service of the machine:
#   sh install-packages.sh PACKAGE...
# While apt runs, policy-rc.d forbids every service to start, and PostgreSQL's packages are told
# to make no cluster. Both settings are put back as they were, whatever happens.
set -eu

policy=/usr/sbin/policy-rc.d
cluster=/etc/postgresql-common/createcluster.conf
saved=$(mktemp -d)

save() { if [ -e "$1" ]; then cp -p "$1" "$saved/$2"; fi; }

restore() {
    if [ -e "$saved/$2" ]; then cp -p "$saved/$2" "$1"; else rm -f "$1"; fi
}

put_back() {
    restore "$policy" policy
    if [ -e "$saved/cluster" ]; then restore "$cluster" cluster; fi
    rm -rf "$saved"
}

save "$policy" policy
trap put_back EXIT
trap 'exit 1' HUP INT TERM
printf '#!/bin/sh\nexit 101\n' >"$policy"
chmod 755 "$policy"

export DEBIAN_FRONTEND=noninteractive
install="apt-get install -y -q --no-install-recommends"
apt-get update -q

case " $* " in *" postgresql-"*)
    # The package that asks the question first, so that it can be answered before the server's.
    $install postgresql-common
    save "$cluster" cluster
    mkdir -p "$(dirname "$cluster")"
    echo 'create_main_cluster = false' >"$cluster"
    ;;
esac

$install "$@"

# policy-rc.d only keeps it from starting now; without this it starts with the machine.
for service in redis-server prometheus prometheus-node-exporter; do
    case " $* " in *" $service "*)
        if command -v systemctl >/dev/null; then systemctl disable --quiet "$service" || true; fi
        ;;
    esac
done
