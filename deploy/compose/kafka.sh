#!/bin/sh
# Runs one node of Kafka, broker and controller in one, in the image apache/kafka.
#
# KAFKA_NODE_ID is its number, KAFKA_NODES are the numbers of all ("1", or "1 2 3"), each at the
# host kafka-NUMBER. Clients log in by password over TLS; the nodes show each other certificates.
set -eu

secrets=/run/secrets
data=/var/lib/kafka/data
configuration=/tmp/server.properties
host="kafka-$KAFKA_NODE_ID"
voters=
for node in $KAFKA_NODES; do voters="$voters${voters:+,}$node@kafka-$node:9093"; done

cat >"$configuration" <<END
process.roles=broker,controller
node.id=$KAFKA_NODE_ID
controller.quorum.voters=$voters
listeners=CLIENT://:9092,CONTROLLER://:9093,BROKER://:9094
advertised.listeners=CLIENT://$host:9092,BROKER://$host:9094
listener.security.protocol.map=CLIENT:SASL_SSL,CONTROLLER:SSL,BROKER:SSL
inter.broker.listener.name=BROKER
controller.listener.names=CONTROLLER
listener.name.broker.ssl.client.auth=required
listener.name.controller.ssl.client.auth=required
ssl.keystore.type=PEM
ssl.keystore.location=$secrets/server.pem
ssl.truststore.type=PEM
ssl.truststore.location=$secrets/ca.crt
sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.client.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
# Super users: operators, and the nodes themselves, by certificate.
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:operator;User:CN=kafka-1
log.dirs=$data

auto.create.topics.enable=false
unclean.leader.election.enable=false
default.replication.factor=$KAFKA_REPLICATION
min.insync.replicas=$KAFKA_MIN_ISR
offsets.topic.replication.factor=$KAFKA_REPLICATION
transaction.state.log.replication.factor=$KAFKA_REPLICATION
transaction.state.log.min.isr=$KAFKA_MIN_ISR
share.coordinator.state.topic.replication.factor=$KAFKA_REPLICATION
share.coordinator.state.topic.min.isr=$KAFKA_MIN_ISR
# A killed broker can rejoin when its old session has ended, by default after 9 s.
broker.session.timeout.ms=4000
broker.heartbeat.interval.ms=1000
END

# For Kafka's own tools, which operators run in this container.
cat >/tmp/operator.properties <<END
security.protocol=SASL_SSL
sasl.mechanism=SCRAM-SHA-512
sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required username="operator" password="$(cat $secrets/operator_password)";
ssl.truststore.type=PEM
ssl.truststore.location=$secrets/ca.crt
END

# The users are written into new data; existing data keeps its users.
for user in operator gateway bridge clock worker; do
  set -- "$@" --add-scram "SCRAM-SHA-512=[name=$user,password=$(cat "$secrets/${user}_password")]"
done
/opt/kafka/bin/kafka-storage.sh format --ignore-formatted --config "$configuration" \
  --cluster-id "$(cat $secrets/cluster_id)" "$@"
exec /opt/kafka/bin/kafka-server-start.sh "$configuration"
