"""Words that the hard negatives are put together from."""

SQL_WORDS = """
    select union drop table where insert update delete or and order by group from having null join exec sleep like
    not in between values database column
""".split()
SHELL_WORDS = """
    cat ls rm id ping curl wget echo bash sh kill top find who sleep env nc python perl
""".split()
NAMES = [
    "O'Brien",
    "D'Angelo",
    "O'Neill",
    "L'Oréal",
    "McDonald's",
    "Rock 'n' Roll",
    "N'Golo",
    "O'Reilly",
    "Levi's",
    "Jérôme",
    "Łukasz",
    "Søren",
    "Zoë",
    "Nuñez",
    "Ивано́в",
    "王小明",
    "محمد",
    "दीपक",
    "Αθηνά",
    "김민준",
]
CONTRACTIONS = [
    "don't",
    "it's",
    "we're",
    "I'd",
    "can't",
    "won't",
    "they've",
    "you'll",
    "o'clock",
    "isn't",
    "let's",
    "'tis",
]
TAGS = ["b", "i", "em", "strong", "p", "br", "u", "code", "h1", "li", "ul", "div", "span", "td", "blockquote", "small"]
SYMBOLS = [
    "*",
    " 1",
    "-",
    "--",
    "...",
    "'",
    '"',
    ":)",
    ":-)",
    "<3",
    ";)",
    "&",
    "@",
    "#",
    "$",
    "%",
    "100%",
    "+1",
    "?",
    "!",
    "/",
    "//",
    "\\",
    "|",
    "(",
    ")",
    "[]",
    "{}",
    "{ }",
    "=",
    "==",
    "<",
    ">",
    "->",
    "=>",
    "~",
    "^",
    "`",
    "_",
    "null",
    "NULL",
    "true",
    "None",
    "undefined",
    "N/A",
    "n/a",
    "password",
    "passwd",
    "admin",
    "root",
    "select",
    "order",
    "table",
    "id",
    "1",
    "0",
    "-1",
    "1.5",
    "1e9",
    "$5.00",
    "€ 12,50",
    "50% off!",
    "C++",
    "C#",
    ".NET",
    "AT&T",
    "R&D",
    "Q&A",
    "P&L",
    "1=1",
    "a=b",
    "x > y",
    "x < y && y < z",
    "2 + 2 = 4",
    "$(document)",
    "#hashtag",
    "@user",
    "~/notes",
    "./run.sh",
    "*.txt",
    "**bold**",
    "_it_",
    "(*)",
    "1/2",
    "24/7",
    "and/or",
    "w/o",
    "c/o",
    "either/or",
    "\n",
    "\n\n",
    "\r\n",
    "\t",
    " ",
    "\\n",
    "\\t",
    "%s",
    "%d",
    "%20",
    "''",
    '""',
    "' '",
    '" "',
    "x;y",
    "a;b;c",
    "a|b",
    "a&b",
    "a=1;b=2",
    "a,b",
    "().",
    "a()",
    "()",
    "{0}",
    "{1}",
    "{x}",
    "[x]",
    "<x>",
    "./",
    "O'",
    "5'",
    '5"',
    "$1",
    "$$",
    "!",
    "1.",
    "#1",
    "&nbsp;",
    "<br>",
    "<br />",
    ";",
    ",",
    "::",
    "::1",
    "0.0.0.0",
]
HOSTS = """
    example.com www.example.com example.org example.net api.example.com shop.example.org www.acme.test api.contoso.com
    blog.fabrikam.net cdn.site.io docs.widget.dev
    news.city.org intranet.corp.net media.company.co.uk github.com en.wikipedia.org google.com www.google.com youtube.com
    facebook.com twitter.com linkedin.com amazon.com apple.com microsoft.com localhost:3000 localhost:8080
""".split()
PATHS = """
    index login cart checkout products items images static assets docs search user profile settings orders invoice
    report download upload feed tags category news article callback return oauth authorize
""".split()
# What APIs name their resources and fields by, words of administration and secrets among them.
RESOURCES = """
    credential secret token access refresh api key public private signing certificate password permission role policy grant
    admin user account member group team owner tenant workspace project service client session device login logout audit log
    event backup config setting domain host server instance cluster node network route proxy gateway webhook callback queue
    task worker job flow execution step stream channel message conversation participant template binding sink rule trunk call
    record recording media file upload download export import report metric usage quota limit balance payment charge refund
    invoice plan order product item cart customer contact address phone email notification alert test debug trace status health
    version release build deploy environment variable schema table query search index collection document field value type
    reset verify confirm delete update create list fetch lookup link shortening short code country language locale currency
""".split()
# Programs and projects that people write pages about, and what these pages are.
PROJECTS = """
    apache nginx tomcat jetty haproxy squid varnish mysql mariadb postgres sqlite redis mongodb memcached elasticsearch logstash
    kibana grafana prometheus graphite statsd nagios zabbix munin puppet chef ansible salt terraform vagrant docker kubernetes
    jenkins gitlab github travis linux ubuntu debian fedora freebsd openbsd solaris windows macos android xen kvm vmware ssh
    openssh openssl gnupg ldap kerberos samba bind dovecot postfix exim sendmail procmail mutt fetchmail vim emacs nano tmux
    screen bash zsh fish ksh awk sed perl python ruby php java scala clojure haskell erlang lua golang rust node django rails
    flask spring hibernate jquery react angular ember backbone webpack grunt gulp npm pip maven gradle ant make cmake gcc gdb
    valgrind strace tcpdump wireshark netcat nmap curl wget rsync git svn mercurial cvs trac bugzilla jira wordpress drupal
    joomla mediawiki phpbb hadoop spark kafka zookeeper cassandra riak rabbitmq activemq zeromq celery firefox
    chrome opera safari flash latex tex gimp inkscape blender ffmpeg vlc mplayer
""".split()
PAGES = """
    conf con talk scale camp meetup slide slides presentation tutorial howto guide tips tricks cheatsheet notes intro setup
    install config security performance tuning monitoring logging backup migration upgrade review release plugin module script
    webserver client server cluster cookbook book blog post article project
""".split()
