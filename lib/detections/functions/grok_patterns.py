"""The standard patterns of GROK, as Elasticsearch has them (its version for ECS, after logstash-patterns-core, Apache
License 2.0): the common ones, and the names of those that are not here."""

from __future__ import annotations

_OCTET = "(?:[0-1]?[0-9]{1,2}|2[0-4][0-9]|25[0-5])"
_HEX = "[0-9A-Fa-f]{1,4}"
_TAIL = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(?:\\.(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])){3}"

PATTERNS = {
    "USERNAME": "[a-zA-Z0-9._-]+",
    "USER": "%{USERNAME}",
    "EMAILLOCALPART": "[a-zA-Z0-9!#$%&'*+\\-/=?^_`{|}~]{1,64}(?:\\.[a-zA-Z0-9!#$%&'*+\\-/=?^_`{|}~]{1,62}){0,63}",
    "EMAILADDRESS": "%{EMAILLOCALPART}@%{HOSTNAME}",
    "INT": "(?:[+-]?(?:[0-9]+))",
    "BASE10NUM": "(?<![0-9.+-])(?>[+-]?(?:(?:[0-9]+(?:\\.[0-9]+)?)|(?:\\.[0-9]+)))",
    "NUMBER": "(?:%{BASE10NUM})",
    "BASE16NUM": "(?<![0-9A-Fa-f])(?:[+-]?(?:0x)?(?:[0-9A-Fa-f]+))",
    "BASE16FLOAT": (
        "\\b(?<![0-9A-Fa-f.])(?:[+-]?(?:0x)?(?:(?:[0-9A-Fa-f]+(?:\\.[0-9A-Fa-f]*)?)|(?:\\.[0-9A-Fa-f]+)))\\b"
    ),
    "POSINT": "\\b(?:[1-9][0-9]*)\\b",
    "NONNEGINT": "\\b(?:[0-9]+)\\b",
    "WORD": "\\b\\w+\\b",
    "NOTSPACE": "\\S+",
    "SPACE": "\\s*",
    "DATA": ".*?",
    "GREEDYDATA": ".*",
    "QUOTEDSTRING": (
        "(?>(?<!\\\\)(?>\"(?>\\\\.|[^\\\\\"]+)+\"|\"\"|(?>'(?>\\\\.|[^\\\\']+)+')|''|(?>`(?>\\\\.|[^\\\\`]+)+`)|``))"
    ),
    "QS": "%{QUOTEDSTRING}",
    "UUID": "[A-Fa-f0-9]{8}-(?:[A-Fa-f0-9]{4}-){3}[A-Fa-f0-9]{12}",
    "URN": "urn:[0-9A-Za-z][0-9A-Za-z-]{0,31}:(?:%[0-9a-fA-F]{2}|[0-9A-Za-z()+,.:=@;$_!*'/?#-])+",
    # Networking
    "MAC": "(?:%{CISCOMAC}|%{WINDOWSMAC}|%{COMMONMAC})",
    "CISCOMAC": "(?:(?:[A-Fa-f0-9]{4}\\.){2}[A-Fa-f0-9]{4})",
    "WINDOWSMAC": "(?:(?:[A-Fa-f0-9]{2}-){5}[A-Fa-f0-9]{2})",
    "COMMONMAC": "(?:(?:[A-Fa-f0-9]{2}:){5}[A-Fa-f0-9]{2})",
    "IPV6": (
        f"((({_HEX}:){{7}}({_HEX}|:))|(({_HEX}:){{6}}(:{_HEX}|{_TAIL}|:))|(({_HEX}:){{5}}(((:{_HEX}){{1,2}})|:{_TAIL}|:))"
        f"|(({_HEX}:){{4}}(((:{_HEX}){{1,3}})|((:{_HEX})?:{_TAIL})|:))"
        f"|(({_HEX}:){{3}}(((:{_HEX}){{1,4}})|((:{_HEX}){{0,2}}:{_TAIL})|:))"
        f"|(({_HEX}:){{2}}(((:{_HEX}){{1,5}})|((:{_HEX}){{0,3}}:{_TAIL})|:))"
        f"|(({_HEX}:){{1}}(((:{_HEX}){{1,6}})|((:{_HEX}){{0,4}}:{_TAIL})|:))"
        f"|(:(((:{_HEX}){{1,7}})|((:{_HEX}){{0,5}}:{_TAIL})|:)))(%.+)?"
    ),
    "IPV4": f"(?<![0-9])(?:{_OCTET}[.]{_OCTET}[.]{_OCTET}[.]{_OCTET})(?![0-9])",
    "IP": "(?:%{IPV6}|%{IPV4})",
    "HOSTNAME": "\\b(?:[0-9A-Za-z][0-9A-Za-z-]{0,62})(?:\\.(?:[0-9A-Za-z][0-9A-Za-z-]{0,62}))*(?:\\.?|\\b)",
    "HOST": "%{HOSTNAME}",
    "IPORHOST": "(?:%{IP}|%{HOSTNAME})",
    "HOSTPORT": "%{IPORHOST}:%{POSINT}",
    # Paths
    "PATH": "(?:%{UNIXPATH}|%{WINPATH})",
    "UNIXPATH": "(?:/[\\w_%!$@:.,+~-]*)+",
    "TTY": "(?:/dev/(?:pts|tty(?:[pq])?)(?:\\w+)?/?(?:[0-9]+))",
    "WINPATH": "(?>[A-Za-z]+:|\\\\)(?:\\\\[^\\\\?*]*)+",
    "URIPROTO": "[A-Za-z](?:[A-Za-z0-9+\\-.]+)+",
    "URIHOST": "%{IPORHOST}(?::%{POSINT})?",
    "URIPATH": "(?:/[A-Za-z0-9$.+!*'(){},~:;=@#%&_\\-]*)+",
    "URIQUERY": "[A-Za-z0-9$.+!*'|(){},~@#%&/=:;_?\\-\\[\\]<>]*",
    "URIPARAM": "\\?%{URIQUERY}",
    "URIPATHPARAM": "%{URIPATH}(?:\\?%{URIQUERY})?",
    "URI": "%{URIPROTO}://(?:%{USER}(?::[^@]*)?@)?(?:%{URIHOST})?(?:%{URIPATH}(?:\\?%{URIQUERY})?)?",
    # Dates
    "MONTH": (
        "\\b(?:[Jj]an(?:uary|uar)?|[Ff]eb(?:ruary|ruar)?|[Mm](?:a|ä)?r(?:ch|z)?|[Aa]pr(?:il)?|[Mm]a(?:y|i)?"
        "|[Jj]un(?:e|i)?|[Jj]ul(?:y|i)?|[Aa]ug(?:ust)?|[Ss]ep(?:tember)?|[Oo](?:c|k)?t(?:ober)?|[Nn]ov(?:ember)?"
        "|[Dd]e(?:c|z)(?:ember)?)\\b"
    ),
    "MONTHNUM": "(?:0?[1-9]|1[0-2])",
    "MONTHNUM2": "(?:0[1-9]|1[0-2])",
    "MONTHDAY": "(?:(?:0[1-9])|(?:[12][0-9])|(?:3[01])|[1-9])",
    "DAY": (
        "(?:Mon(?:day)?|Tue(?:sday)?|Wed(?:nesday)?|Thu(?:rsday)?|Fri(?:day)?|Sat(?:urday)?|Sun(?:day)?)"
    ),
    "YEAR": "(?>\\d\\d){1,2}",
    "HOUR": "(?:2[0123]|[01]?[0-9])",
    "MINUTE": "(?:[0-5][0-9])",
    "SECOND": "(?:(?:[0-5]?[0-9]|60)(?:[:.,][0-9]+)?)",
    "TIME": "(?!<[0-9])%{HOUR}:%{MINUTE}(?::%{SECOND})(?![0-9])",
    "DATE_US": "%{MONTHNUM}[/-]%{MONTHDAY}[/-]%{YEAR}",
    "DATE_EU": "%{MONTHDAY}[./-]%{MONTHNUM}[./-]%{YEAR}",
    "ISO8601_TIMEZONE": "(?:Z|[+-]%{HOUR}(?::?%{MINUTE}))",
    "ISO8601_SECOND": "%{SECOND}",
    "TIMESTAMP_ISO8601": (
        "%{YEAR}-%{MONTHNUM}-%{MONTHDAY}[T ]%{HOUR}:?%{MINUTE}(?::?%{SECOND})?%{ISO8601_TIMEZONE}?"
    ),
    "DATE": "%{DATE_US}|%{DATE_EU}",
    "DATESTAMP": "%{DATE}[- ]%{TIME}",
    "TZ": "(?:[APMCE][SD]T|UTC)",
    "DATESTAMP_RFC822": "%{DAY} %{MONTH} %{MONTHDAY} %{YEAR} %{TIME} %{TZ}",
    "DATESTAMP_RFC2822": "%{DAY}, %{MONTHDAY} %{MONTH} %{YEAR} %{TIME} %{ISO8601_TIMEZONE}",
    "DATESTAMP_OTHER": "%{DAY} %{MONTH} %{MONTHDAY} %{TIME} %{TZ} %{YEAR}",
    "DATESTAMP_EVENTLOG": "%{YEAR}%{MONTHNUM2}%{MONTHDAY}%{HOUR}%{MINUTE}%{SECOND}",
    # Syslog
    "SYSLOGTIMESTAMP": "%{MONTH} +%{MONTHDAY} %{TIME}",
    "PROG": "[\\x21-\\x5a\\x5c\\x5e-\\x7e]+",
    "SYSLOGPROG": "%{PROG:process.name}(?:\\[%{POSINT:process.pid:int}\\])?",
    "SYSLOGHOST": "%{IPORHOST}",
    "SYSLOGFACILITY": "<%{NONNEGINT:log.syslog.facility.code:int}.%{NONNEGINT:log.syslog.priority:int}>",
    "HTTPDATE": "%{MONTHDAY}/%{MONTH}/%{YEAR}:%{TIME} %{INT}",
    "SYSLOGBASE": (
        "%{SYSLOGTIMESTAMP:timestamp} (?:%{SYSLOGFACILITY} )?%{SYSLOGHOST:host.hostname} %{SYSLOGPROG}:"
    ),
    "SYSLOGPAMSESSION": (
        "%{SYSLOGBASE} (?=%{GREEDYDATA:message})%{WORD:system.auth.pam.module}\\(%{DATA:system.auth.pam.origin}\\): "
        "session %{WORD:system.auth.pam.session_state} for user %{USERNAME:user.name}(?: by %{GREEDYDATA})?"
    ),
    "SYSLOG5424PRINTASCII": "[!-~]+",
    "LOGLEVEL": (
        "([Aa]lert|ALERT|[Tt]race|TRACE|[Dd]ebug|DEBUG|[Nn]otice|NOTICE|[Ii]nfo?(?:rmation)?|INFO?(?:RMATION)?"
        "|[Ww]arn?(?:ing)?|WARN?(?:ING)?|[Ee]rr?(?:or)?|ERR?(?:OR)?|[Cc]rit?(?:ical)?|CRIT?(?:ICAL)?|[Ff]atal|FATAL"
        "|[Ss]evere|SEVERE|EMERG(?:ENCY)?|[Ee]merg(?:ency)?)"
    ),
    # Web servers
    "HTTPDUSER": "%{EMAILADDRESS}|%{USER}",
    "HTTPDERROR_DATE": "%{DAY} %{MONTH} %{MONTHDAY} %{TIME} %{YEAR}",
    "HTTPD_COMMONLOG": (
        "%{IPORHOST:source.address} (?:-|%{HTTPDUSER:apache.access.user.identity}) (?:-|%{HTTPDUSER:user.name}) "
        '\\[%{HTTPDATE:timestamp}\\] "(?:%{WORD:http.request.method} %{NOTSPACE:url.original}'
        '(?: HTTP/%{NUMBER:http.version})?|%{DATA})" (?:-|%{INT:http.response.status_code:int}) '
        "(?:-|%{INT:http.response.body.bytes:int})"
    ),
    "HTTPD_COMBINEDLOG": (
        '%{HTTPD_COMMONLOG} "(?:-|%{DATA:http.request.referrer})" "(?:-|%{DATA:user_agent.original})"'
    ),
    "COMMONAPACHELOG": "%{HTTPD_COMMONLOG}",
    "COMBINEDAPACHELOG": "%{HTTPD_COMBINEDLOG}",
}  # fmt: skip
"""Name -> pattern."""

ELSEWHERE = frozenset(
    (
        "S3_REQUEST_LINE", "S3_ACCESS_LOG", "ELB_URIHOST", "ELB_URIPATHQUERY", "ELB_URIPATHPARAM", "ELB_URI",
        "ELB_REQUEST_LINE", "ELB_V1_HTTP_LOG", "ELB_ACCESS_LOG", "CLOUDFRONT_ACCESS_LOG", "BACULA_TIMESTAMP",
        "BACULA_HOST", "BACULA_VOLUME", "BACULA_DEVICE", "BIND9", "BIND9_QUERYLOG", "BRO_HTTP", "BRO_DNS", "BRO_CONN",
        "BRO_FILES", "EXIM", "NETSCREENSESSIONLOG", "CISCO_TAGGED_SYSLOG", "CISCOTIMESTAMP", "CISCOTAG",
        "IPTABLES", "SHOREWALL", "SFW2", "HAPROXYTIME", "HAPROXYDATE", "HAPROXYHTTP", "HAPROXYHTTPBASE", "HAPROXYTCP",
        "HTTPD20_ERRORLOG", "HTTPD24_ERRORLOG", "HTTPD_ERRORLOG", "JAVACLASS", "JAVAFILE", "JAVAMETHOD",
        "JAVASTACKTRACEPART", "JAVATHREAD", "JAVALOGMESSAGE", "CATALINALOG", "TOMCATLOG", "CATALINA_DATESTAMP",
        "TOMCAT_DATESTAMP", "RT_FLOW1", "RT_FLOW2", "RT_FLOW3", "SYSLOG5424BASE", "SYSLOG5424LINE", "SYSLOG5424PRI",
        "SYSLOG5424SD", "SYSLOGBASE2", "CRON_ACTION", "CRONLOG", "SYSLOGLINE", "MAVEN_VERSION", "MCOLLECTIVE",
        "MCOLLECTIVEAUDIT", "MONGO_LOG", "MONGO_QUERY", "MONGO_SLOWQUERY", "MONGO3_LOG", "NAGIOSTIME", "NAGIOSLOGLINE",
        "POSTGRESQL", "RUUID", "RCONTROLLER", "RAILS3", "REDISTIMESTAMP", "REDISLOG", "REDISMONLOG", "RUBY_LOGGER",
        "SQUID3", "SQUID3_STATUS", "ZEEK_HTTP", "ZEEK_DNS", "ZEEK_CONN", "ZEEK_FILES", "ZEEK_FILES_TX_HOSTS",
    )
)  # fmt: skip
"""Patterns that Elasticsearch has and nothing here knows."""
