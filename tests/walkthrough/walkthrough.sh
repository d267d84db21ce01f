#!/usr/bin/env bash
# A team's own repository, from nothing to Kibana, as README shows it: each command, and what it prints.
# usage: walkthrough.sh PYTHON, in an empty folder, with the `detections` of a wheel on the path. PYTHON has what the
# stand-in for a Kibana needs; the rest is done by the wheel alone.
set -euo pipefail

# A Kibana to deploy to. A line on its standard input is an edit by a person, in Kibana's form.
coproc KIBANA { exec "$1" -u "$(realpath "$(dirname "$0")/../kibana/serve.py")" 0; }
trap 'kill "$KIBANA_PID"' EXIT
read -r settings <&"${KIBANA[0]}"
eval "$settings"

run() { printf '\n$ %s\n' "$1"; eval "$1" 2>&1; }
refused() { printf '\n$ %s\n' "$1"; if eval "$1" 2>&1; then echo "it was not refused"; exit 1; fi; }
in_kibana() { printf '\n# in Kibana: %s\n' "$1"; echo "$1" >&"${KIBANA[1]}"; read -r said <&"${KIBANA[0]}"; echo "$said"; }

token=okta/persistence_okta_api_token_created.toml

run 'detections init --source okta'
run "detections new 'Okta API Token Created' --source okta --technique T1098 \\
    --query 'event.action: \"system.api_token.create\" and not source.ip: 10.0.0.0/8'"
run "detections new 'Shadow File Read' --type eql --source endpoint --technique T1003.008 \\
    --query 'process where event.type == \"start\" and process.name in (\"cat\", \"less\") and process.args == \"/etc/shadow\"'"
run "detections new 'Okta Sessions from Many Users' --type threshold --source okta --technique T1110.003 \\
    --query 'event.action: \"user.session.start\" and event.outcome: \"failure\"' --by source.ip --threshold 5"

# What a person does to cases that were made: look at each, put a real address in, say that they were looked at.
run "sed -i '/^scaffolded/d; s/\"10.0.0.0\"/\"10.20.30.40\"/' tests/rules/$token"
run 'detections build'
run 'detections apply --yes'

# A mistake, which only the cases know to be one.
run "sed -i 's/api_token.create/api_token.created/' rules/$token"
refused 'detections apply --bump --yes'
run "sed -i 's/api_token.created/api_token.create/; s/^severity = .*/severity = \"high\"/; s/^risk_score = .*/risk_score = 73/' rules/$token"
refused 'detections apply --yes'
run 'detections apply --bump --yes'

in_kibana 'Shadow severity="critical" risk_score=99'
run 'detections plan'
run 'detections pull'
run 'detections build'
run 'detections plan'
