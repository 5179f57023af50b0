"""Other registries' listings: each shape against a table made by hand."""

import io
import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkrepo.core.errors import InputError
from bulkrepo.migration import listings
from bulkrepo.migration.listings import document_reader, references
from tests.support.gathering import Whole, whole
from tests.support.paths import LISTINGS

# Written from the documentation of each API and tool.
HERE = LISTINGS

Row = tuple[str, bool | None, str | None]


def read(*names: str) -> Whole:
    """Read fixtures as one listing."""
    return whole(
        document
        for name in names
        for document in document_reader.documents(
            io.StringIO((HERE / name).read_bytes().decode(), newline=""), source=name
        )
    )


def parse(*texts: str) -> Whole:
    """Read texts as the files of one listing."""
    return whole(
        document
        for number, text in enumerate(texts)
        for document in document_reader.documents(
            io.StringIO(text, newline=""), source=f"page-{number}"
        )
    )


def rows(listing: Whole) -> list[Row]:
    """Give what was found as tuples."""
    return [(f.name.full, f.is_public, f.description) for f in listing.found]


ECR = "123456789012.dkr.ecr.eu-central-1.amazonaws.com"
CATALOG: list[Row] = [
    ("base/alpine", None, None),
    ("busybox", None, None),
    ("ghcr.io/team/app", None, None),
]
TRUTH: list[tuple[str, list[Row], list[str]]] = [
    ("catalog.json", CATALOG, []),
    ("catalog-next.txt catalog-last.txt", CATALOG, []),
    (
        "harbor-repositories.json",
        [
            ("library/nginx", None, "Web server"),
            ("team/App/api", None, None),
            ("hub-cache/library/redis", None, None),
        ],
        [],
    ),
    (
        "harbor-repositories.json harbor-projects.json",
        [("library/nginx", True, "Web server"), ("team/App/api", False, None)],
        ["hub-cache/library/redis"],
    ),
    ("nexus.json", [("team/app", None, None)], ["lib"]),
    (
        "ecr.json",
        [(f"{ECR}/team/app", False, None), (f"{ECR}/team/a--b", False, None)],
        [],
    ),
    ("ecr-public.json", [("public.ecr.aws/a1b2c3d4/tools/lint", True, None)], []),
    (
        "gitlab.json",
        [
            ("gitlab.example.com:5000/group/project", None, None),
            ("gitlab.example.com:5000/group/project/releases", None, None),
            ("gitlab.example.com:5000/group/inner", None, None),
        ],
        ["group/other/old"],
    ),
    (
        "gitlab-projects.json gitlab.json",
        [
            ("gitlab.example.com:5000/group/project", True, None),
            ("gitlab.example.com:5000/group/project/releases", True, None),
            ("gitlab.example.com:5000/group/inner", None, None),
        ],
        ["group/other/old"],
    ),
    (
        "quay.json",
        [("org/app", True, None), ("org/tool", False, "A *tool*")],
        ["org/chart"],
    ),
    (
        "mirantis.json",
        [("acme/gate", True, "The gate"), ("acme/vault", False, None)],
        [],
    ),
    ("gitlab-12.json", [("r.example.com/acme/site", None, None)], []),
    (
        "hub.json",
        [("docker/compose", True, "Define and run"), ("docker/secret", False, None)],
        ["docker/volume"],
    ),
    (
        "hub-2-of-2.json hub-1-of-2.json",
        [
            ("docker/scout", True, None),
            ("docker/compose", True, None),
            ("docker/secret", False, None),
        ],
        [],
    ),
    (
        "github.json",
        [("octo-org/hello/sub", False, None), ("octo-org/site", None, None)],
        ["Octo-Org/left-pad"],
    ),
    (
        "gcloud.json",
        [
            ("us-docker.pkg.dev/proj/repo/app", None, None),
            ("eu.gcr.io/example.com:proj/tool", None, None),
        ],
        [],
    ),
    (
        "gcr.json",
        [("gcr.io/proj/app", None, None), ("gcr.io/proj/web", None, None)],
        [],
    ),
    ("acr.json", [("alpine", None, None), ("team/api", None, None)], []),
    (
        "alibaba.json",
        [("ns/app", False, "The app"), ("ns/web", True, "The web")],
        ["ns/gone"],
    ),
    ("alibaba-enterprise.json", [("ns/app", True, None)], []),
    (
        "swr.json",
        [("team-a/web/api", True, "Gateway"), ("team-a/base", False, None)],
        [],
    ),
    (
        "image-syncer.yaml",
        [
            ("swr.cn-north-4.myhuaweicloud.com/team/kube-rbac-proxy", None, None),
            ("mirror.example.com/a/kube-rbac-proxy", None, None),
            ("mirror.example.com/b/kube-rbac-proxy", None, None),
        ],
        [],
    ),
    (
        "regsync.yml",
        [("docker.io/rancher/mirrored-busybox", None, None)],
        ["registry.example.com/{{ .Sync.Source }}", "backup.example.com"],
    ),
    (
        "skopeo.yaml",
        [
            ("registry.example.com/busybox", None, None),
            ("registry.example.com/redis", None, None),
            ("registry.example.com/nginx", None, None),
            ("quay.io/coreos/etcd", None, None),
        ],
        [],
    ),
    (
        "dregsy.yaml",
        [("archive/test/image", None, None), ("test/another-image", None, None)],
        ["regex:test/.*"],
    ),
    ("promoter.yaml", [("kube-apiserver", None, None), ("pause", None, None)], []),
    (
        "lines.txt",
        [
            ("nginx", None, None),
            ("docker.io/library/nginx", None, None),
            ("ghcr.io/team/app", None, None),
            ("reg.example.com:5000/a/b", None, None),
        ],
        ["docker.io/acore/*", "localhost/x:${TAG}"],
    ),
    (
        "mapping.txt",
        [
            ("quay.io/openshift/origin-cli", None, None),
            ("quay.io/openshift/origin-etcd", None, None),
        ],
        [],
    ),
]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        pytest.param(
            "g.io/team/:\n  images: {app: [], web: []}\ng.io:\n  images: {app: []}",
            ["g.io/team/app", "g.io/team/web", "g.io/app"],
            id="skopeo: a place within a host",
        ),
        pytest.param(
            "g.io:\n  tls-verify: no\nq.io:\n  images: {app: }",
            ["q.io/app"],
            id="skopeo: a registry without images",
        ),
        pytest.param(
            "q.io/a/b:v1:\nq.io/a/c:v1: ~\nq.io/a/d: r.io/e:v1\nq.io/a/f: []",
            ["q.io/a/b", "q.io/a/c", "r.io/e", "q.io/a/f"],
            id="image-syncer: nowhere",
        ),
        pytest.param(
            "n.io/a/b: r.io/x/b\nvgpu: r.io/x/vgpu",
            ["r.io/x/b", "r.io/x/vgpu"],
            id="image-syncer: a bare name",
        ),
        pytest.param(
            "registries: [{name: g.io}]\nimages:\n- {name: pause, dmap: {}}",
            ["pause"],
            id="promoter: images among registries",
        ),
        pytest.param(
            '[{"repositoryName":"a/b","repositoryUri":"1.dkr.ecr.x.y/a/b"}]',
            ["1.dkr.ecr.x.y/a/b"],
            id="aws ecr --query repositories",
        ),
    ],
)
def test_what_people_have_is_read(text: str, names: list[str]) -> None:
    """In forms that the tools' documentation passes over."""
    assert [found.name.full for found in parse(text).found] == names


@pytest.mark.parametrize(
    "text",
    [
        "r.io/a/b:1=file://a/b:1\nr.io/a/c:1=m.io/a/c:1\n",
        "sync:\n- {source: b, target: 'ocidir:///b'}\n- {source: c, target: m.io/a/c}",
    ],
)
def test_a_place_on_disk_is_no_repository(text: str) -> None:
    """Of an air gap's way, the part through the air is left out."""
    listing = parse(text)

    assert [found.name.full for found in listing.found] == ["m.io/a/c"]
    assert list(listing.skipped) == ["a place on disk, in no registry"]


def test_a_place_within_a_host_is_no_host() -> None:
    """Its path is a part of the name, and not dropped with the host."""
    [found] = parse("g.io/team:\n  images: {app: []}").found

    assert found.name.host == "g.io"


@pytest.mark.parametrize("text", ["a: ~\nb/c: d", "a: {b: c}\nb/c: r.io/d", "a: b/c"])
def test_not_every_mapping_is_a_configuration(text: str) -> None:
    """What only looks like one of a tool's is refused."""
    with pytest.raises(InputError, match="is not a known listing"):
        parse(text)


@pytest.mark.parametrize(("files", "found", "skipped"), TRUTH)
def test_a_listing_says_what_it_says(
    files: str, found: list[Row], skipped: list[str]
) -> None:
    """Names, visibility and description of each shape, and what is left out."""
    listing = read(*files.split())

    assert rows(listing) == found
    assert [first for _, first in listing.skipped.values()] == skipped
    assert listing.truncated is None


def test_a_tag_is_no_target() -> None:
    """As `docker images` prints it behind a name; a target says where."""
    listing = parse("nginx latest\nalpine m.io/alpine\nhttpd=stable\nredis=m.io/redis")

    assert rows(listing) == [("m.io/alpine", None, None), ("m.io/redis", None, None)]
    assert [count for count, _ in listing.skipped.values()] == [2]


def test_every_shape_has_a_fixture() -> None:
    """A shape that nothing here reads is a promise."""
    known = {read(*files.split()).shape for files, _, _ in TRUTH}
    known.add("a spreadsheet")  # see test_sheets

    assert {
        shape.name
        for shape in listings.SHAPES
        if not any(shape.name in name for name in known)
    } == set()


def test_a_fixture_fits_one_shape() -> None:
    """The order of the table decides nothing that it is not meant to decide."""
    for path in sorted(HERE.iterdir()):
        text = io.StringIO(path.read_text())
        for document in document_reader.documents(text, source=path.name):
            fitting = [s.name for s in listings.SHAPES if s.fits(document.value)]

            assert len(fitting) == 1, (path.name, fitting)


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ("catalog-next.txt", "Link"),
        ("harbor-full-page.json", "exactly 10 records"),
        ("harbor-full-page.json harbor-projects.json", "exactly 10 records"),
        ("nexus-next.json", "continuationToken"),
        ("ecr-next.json", "nextToken"),
        ("quay-next.json", "next_page"),
        ("hub-1-of-2.json", "3 records, and 2 are here"),
        ("hub-2-of-2.json", "3 records, and 1 are here"),
        ("hub-1-of-2.json hub-1-of-2.json", "3 records, and 2 are here"),
        ("alibaba-part.json", "61 records, and 1 are here"),
        ("swr-part.json", "2 records, and 1 are here"),
        ("alibaba-enterprise-next.json", "NextToken"),
        ("mirantis-next.txt", "x-next-page-start"),
    ],
)
def test_a_part_of_a_listing_is_told(files: str, why: str) -> None:
    """What is missing is not silently not migrated."""
    truncated = read(*files.split()).truncated

    assert truncated is not None
    assert why in truncated


def test_a_full_page_is_the_last_if_something_says_so() -> None:
    """An empty page behind it, headers without a link, or a total end the doubt."""
    full = (HERE / "harbor-full-page.json").read_text()

    assert parse(full).truncated
    assert parse(full, "[]").truncated is None
    assert parse(f"HTTP/2 200\nContent-Length: 9\n\n{full}").truncated is None
    assert parse(f"HTTP/1.1 200 OK\r\n\r\n{full}").truncated
    assert parse(f"HTTP/2 200\nX-Total-Count: 10\n\n{full}").truncated is None
    assert parse(f"HTTP/2 200\nX-Total-Count: 11\n\n{full}").truncated


BOMB = (
    "m: &m {from: a}\nt: &t {mappings: [" + ", ".join(["*m"] * 1000) + "]}\n"
    "tasks: [" + ", ".join(["*t"] * 10_000) + "]\n"
)
MERGES = "".join(
    f"{n}: &{n} {{<<: [" + ",".join([f"*{o}"] * 10) + "]}\n"
    for o, n in itertools.pairwise("acdefg")
)
QUAY = '{"repositories":[{"namespace":"o","name":"a","is_public":true}]%s}'
QUAY_ON, QUAY_LAST = QUAY % ',"next_page":"t1"', QUAY % ""
NEXUS = '{"items":[%s],"continuationToken":%s}'
NEXUS_ON = NEXUS % ('{"format":"docker","name":"a"}', '"t1"')
ECR_ON = '{"repositories":[{"repositoryName":"a"}],"nextToken":"t1"}'
FULL = json.dumps(
    [{"project_id": 1, "name": f"p/{n}", "pull_count": 0} for n in range(10)]
)
LINKED = 'HTTP/2 200\nLink: </v2/_catalog?n=1&last=a>; rel="next"\n\n'


@pytest.mark.parametrize(
    ("texts", "why"),
    [
        pytest.param([QUAY_ON, '{"repositories":[]}'], None, id="an empty last page"),
        pytest.param(
            [QUAY_ON, '{"repositories":[],"next_page":"t2"}'],
            "next_page",
            id="an empty page that points on",
        ),
        pytest.param(
            [QUAY_ON + '{"repositories":[],"next_page":"t2"}'],
            "next_page",
            id="the same in one file",
        ),
        pytest.param([NEXUS_ON, NEXUS % ("", "null")], None, id="an empty last one"),
        pytest.param([NEXUS_ON, NEXUS % ("", '"t2"')], "Token", id="Nexus points on"),
        pytest.param(
            [ECR_ON, '{"repositories":[],"nextToken":"t2"}'], "Token", id="ECR does"
        ),
        pytest.param(
            [f'{LINKED}{{"repositories":["a"]}}', f"{LINKED}[]"], "Link", id="a header"
        ),
        pytest.param([QUAY_LAST + QUAY_ON], "next_page", id="the last of a file"),
        pytest.param([QUAY_ON + QUAY_LAST], None, id="that ends"),
        pytest.param([QUAY_ON + "[]" + QUAY_ON], "next_page", id="and goes on"),
        pytest.param(["[]" + QUAY_ON], "next_page", id="nothing in front"),
        pytest.param([QUAY_LAST, QUAY_ON], None, id="files come in any order"),
        pytest.param(["[]", QUAY_ON], None, id="an empty one too"),
        pytest.param(
            [f'HTTP/2 200\na: b\n\n["a"]{LINKED}["b"]'],
            "Link",
            id="headers in one file",
        ),
        pytest.param(
            ["[" + FULL[1:-1].rpartition(", {")[0] + "]" + FULL],
            "exactly 10",
            id="a full page behind",
        ),
        pytest.param([FULL + "[]"], None, id="nothing behind a full page"),
    ],
)
def test_only_a_last_page_ends_a_listing(texts: list[str], why: str | None) -> None:
    """Within a file the last one is certain; of several files any may be the last."""
    truncated = parse(*texts).truncated

    assert truncated is None if why is None else why in (truncated or "")


def test_one_file_may_hold_several_pages() -> None:
    """As `gh api --paginate` prints them: one array after the other."""
    assert rows(parse('["a"]\n["b","c"] []')) == [
        ("a", None, None),
        ("b", None, None),
        ("c", None, None),
    ]


def test_a_name_with_two_visibilities_has_none() -> None:
    """Which of the two holds is not guessed."""
    quay = '{"repositories":[{"namespace":"o","name":"a","is_public":%s}]}'
    listing = parse(quay % "true", quay % "false")

    assert rows(listing) == [("o/a", None, None)]
    assert sum(listing.notes.values()) == 1


@pytest.mark.parametrize(
    ("word", "public"),
    [
        ('"false"', False),
        ('"True"', True),
        ('"no"', None),
        ("0", None),
        ("false", False),
    ],
)
def test_visibility_as_text_is_what_it_says(
    word: str,
    public: bool | None,  # noqa: FBT001 - a row of the table
) -> None:
    """`"false"` is true to a language; here it is not, and `0` is no word for it."""
    quay = QUAY.replace("true", word) % ""

    assert rows(parse(quay)) == [("o/a", public, None)]


@pytest.mark.parametrize(
    ("records", "note"),
    [
        ([{"path": "a/b", "location": "r.h/a/b", "isPublic": True}], "isPublic"),
        ([{"project_id": 1, "name": "p/a", "pull_count": 0, "private": 0}], "private"),
        ([{"project_id": 1, "name": "p/a", "pull_count": 0, "private": None}], None),
        (
            [{"project_id": 1, "name": "p/a", "pull_count": 0, "private_note": "x"}],
            None,
        ),
        ([{"package": "r.h/a", "version": "1", "access_level": "all"}], "access_level"),
        ([{"package_type": "docker", "name": "a", "visibility": "private"}], None),
        ([{"package_type": "docker", "name": "a", "visibility": "inner"}], "inner"),
        ([{"package_type": "docker", "name": "a", "visibility": 20}], "20"),
        ([{"package_type": "docker", "name": "a", "visibility": None}], None),
        ([{"repositoryName": "a", "repoVisibility": "x"}], "repoVisibility"),
    ],
)
def test_a_visibility_that_was_not_read_is_said(
    records: list[dict[str, object]], note: str | None
) -> None:
    """Nobody takes a blank for what the listing says."""
    notes = parse(json.dumps(records)).notes

    assert note in str(notes) if note is not None else not notes


@pytest.mark.parametrize(
    "record",
    [
        {"namespace": "o", "name": "a"},
        {"namespace": "o", "name": "a", "visibility": "public"},
        {"namespace": "o", "name": "a", "private": True},
    ],
)
def test_a_product_is_known_by_keys_of_its_own(record: dict[str, object]) -> None:
    """Namespace and name are everybody's."""
    for value in ({"repositories": [record]}, {"results": [record]}):
        with pytest.raises(InputError):
            parse(json.dumps(value))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "r.example.com:\n  images: {1.10: [], 010: [], 007: [], 1_000: [], on: []}",
            ["1.10", "010", "007", "1_000", "on"],
        ),
        (
            "r.example.com:\n  images: {null: [], 2024-01-02: []}",
            ["null", "2024-01-02"],
        ),
        (
            "repositories:\n- repositoryName: no\n- repositoryName: 0x1f\n",
            ["no", "0x1f"],
        ),
        ("repositories:\n- 1.10\n- 12:30:45\n- ~a\n", ["1.10", "12:30:45", "~a"]),
        ("sync:\r\n- &a\r\n  target: 1e3\r\n- <<: *a\r\n  x: 1\r\n", ["1e3"]),
        ("tasks: [{mappings: [{from: a, to: ~}, {from: b, to: }]}]", ["a", "b"]),
    ],
)
def test_a_name_in_yaml_is_the_word_that_stands_there(
    text: str, found: list[str]
) -> None:
    """No number, date or truth is made of it; null and a merge are what they are."""
    assert [each.name.path for each in parse(text).found] == found


def test_yaml_says_numbers_and_truths_in_words() -> None:
    """Who wants one reads the word, as `aws --output yaml` prints it."""
    project = "- project_id: 3\n  name: p\n  metadata: {public: true}\n"
    harbor = "- project_id: 3\n  name: p/a\n  pull_count: 0\n  description: 1.10\n"
    hub = "count: 2\nresults:\n- namespace: o\n  name: a\n  is_private: false\n"

    assert rows(parse(harbor, project)) == [("p/a", True, "1.10")]
    assert rows(parse(hub)) == [("o/a", True, None)]
    assert "2 records, and 1 are here" in (parse(hub).truncated or "")


HARBOR = '[{{"project_id":1,"artifact_count":1,{}}}]'


def test_a_key_that_is_not_read_may_stand_twice() -> None:
    """Some products write one twice; nothing is lost by that."""
    text = HARBOR.format('"name":"a","pulled":"then","pulled":"now","x":{"y":1,"y":2}')

    assert rows(parse(text)) == [("a", None, None)]


@pytest.mark.parametrize(
    ("texts", "why"),
    [
        ([""], "is empty"),
        (["[]", '{"repositories": []}'], "is empty"),
        (['{"errors":[{"code":"UNAUTHORIZED"}]}'], "an object with errors"),
        ([QUAY_ON, '{"errors":[],"message":"internal"}'], "an object with errors"),
        (['["a"]', '{"name":"team/app","tags":[]}'], "lists the tags of one"),
        (['{"source":"l.csv","problems":[]}'], "an object with problems"),
        (["HTTP/1.1 401 Unauthorized\r\n\r\n{}"], "status 401"),
        (['{"repositories":["a"'], "saved whole"),
        (["[" * 100_000], "saved whole"),
        (["<html>"], "web page"),
        (["[1]"], "not a known listing"),
        (
            ['[{"project_id":1,"name":"a","metadata":{}}]'],
            "both to one bulkrepo import",
        ),
        (['[{"name":"g.io/a"},{"name":"b","public":true}]'], "needs no import"),
        (['["a"]', '{"repositories":["a"]}'], "one listing at a time"),
        (["auth: {password: hunter2\nsync: ["], "is not valid"),
        (["r.io:\n  images: {a: []}\nr.io:\n  images: {b: []}"], ":3:1: .* twice"),
        (['{"repositories":["a"],"repositories":["b"]}'], '"repositories" occurs'),
        (['{"images":{"h/a":"g/a","h/a":"g/b"}}'], 'page-0: "h/a" occurs twice'),
        ([HARBOR.format('"name":"a","name":"b"')], 'page-0: "name" occurs twice'),
        (['[{"name":"a","name":"b"},{"name":"c"}]'], '"name" occurs twice'),
        (["a: &a {b: *a}"], "is not valid"),
        (["sync: []\n---\nsync: []\n"], ":2:1: begins another document"),
        ([BOMB], "make 30,033,011 values of 11"),
        (["b: &b {k: v}\na: &a {<<: [" + "*b," * 9 + "*b]}\n" + MERGES], "make"),
    ],
)
def test_what_is_no_listing_is_refused(texts: list[str], why: str) -> None:
    """With what it is instead; and no secret of a broken file is shown."""
    with pytest.raises(InputError, match=why) as caught:
        parse(*texts)

    assert "hunter2" not in str(caught.value)


lines = st.builds(
    "".join,
    st.tuples(
        st.sampled_from(["", "", "q.io/", "q.io/", "r:5000/", "localhost/", "Q.io/"]),
        st.text("ab./-", max_size=5),
        st.sampled_from(
            ["", "", ":v1", ":V_1.2", ":", ":-", "@sha256:ab", " x/y", "#"]
        ),
    ),
)


@pytest.mark.parametrize(
    ("text", "found", "why"),
    [
        pytest.param("w/a:1\n<none>:<none>\n", ["w/a"], "without a name", id="no name"),
        pytest.param("w/a:<none>\n<none>\n", ["w/a"], "without a name", id="no tag"),
        pytest.param("w/a\n<none> <none>", ["w/a"], "without a name", id="no columns"),
        pytest.param("2 w/a:1\n  14 redis", ["w/a", "redis"], None, id="counts"),
        pytest.param(" 3 \n 1 w/a", ["w/a"], "count of an empty line", id="no line"),
        pytest.param("25\nw/a", ["25", "w/a"], None, id="a number is a name"),
        pytest.param("Name\n------\nw/a\n", ["w/a"], "a heading", id="a ruled heading"),
        pytest.param("A  B\n-- ---\nx/a y/b", ["y/b"], "a heading", id="two columns"),
        pytest.param("NAMESPACE/IMAGE\nw/a", ["w/a"], "a heading", id="a heading"),
        pytest.param("latest\n2.4\n2.4-slim", [], "like a tag", id="tags"),
        pytest.param('["latest","v3"]', [], "like a tag", id="tags in an array"),
        pytest.param("latest\nw/a", ["latest", "w/a"], None, id="a name like a tag"),
        pytest.param("2.4\nredis\nnginx", ["2.4", "redis", "nginx"], None, id="one"),
        pytest.param("w/a v/b", ["w/a", "v/b"], None, id="two in the only line"),
        pytest.param("# all:\n\nr:1 v/b  # x", ["r", "v/b"], None, id="and comments"),
        pytest.param("w/a v/b\nw/c v/c", ["v/b", "v/c"], None, id="not in one of two"),
        pytest.param("w/a=v/b", ["v/b"], None, id="a source and its target"),
        pytest.param("w/a r:1 h.io/b", ["w/a", "r", "h.io/b"], None, id="many"),
        pytest.param("w/a\tredis\tv/b", ["w/a", "redis", "v/b"], None, id="by tabs"),
        pytest.param("w/a\t2.4\tv/b", [], "one name a line", id="a tag among them"),
        pytest.param("see w/a or v/b", [], "one name a line", id="a sentence"),
        pytest.param("= =\nw/a", ["w/a"], None, id="nothing"),
    ],
)
def test_what_tools_print_around_names_is_no_name(
    text: str, found: list[str], why: str | None
) -> None:
    """Whether it is left out or not, it is told from names."""
    listing = parse(text)

    assert [each.name.full for each in listing.found] == found
    assert [str(why) in reason for reason in listing.skipped] == [True] * bool(why)


def test_one_line_that_may_be_two_things_is_refused() -> None:
    """Both ways to read it are named."""
    with pytest.raises(InputError, match=r"two repositories, or a source.*tr -s"):
        parse("redis m.io/redis\n")


def test_the_last_line_of_many_is_no_only_line() -> None:
    """However the text is cut into parts."""
    lines = "".join(f"s.io/a{n} t.io/b{n}\n" for n in range(5000))

    assert {each.name.host for each in parse(lines).found} == {"t.io"}


@given(
    given_lines=st.lists(lines, max_size=5),
    end=st.sampled_from(["\n", "\r\n"]),
    ended=st.booleans(),
)
def test_lines_say_the_same_at_one_look_and_one_by_one(
    given_lines: list[str], end: str, *, ended: bool
) -> None:
    """What is plain is read many lines at once; one comment, and none is."""
    text = end.join(given_lines) + end * ended
    quick, slow = references.read(text), references.read(f"{text}\n# no longer plain")

    assert slow.run is None
    assert list(quick.run or quick.found) == slow.found
    assert (quick.rows, quick.skipped) == (slow.rows, slow.skipped)


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("a/b\nc\n", ""),
        ("q.io/a:1\nq.io/b/c:V2", "q.io"),
        ("r:5000/a\nr:5000/b\n", "r:5000"),
    ],
)
def test_plain_lines_are_read_at_one_look(text: str, host: str) -> None:
    """Of one host, or none, with tags or without."""
    page = references.read(text)

    assert page.run is not None
    assert page.run.host == host
    assert page.rows == len(page.run) == 2


@pytest.mark.parametrize(
    "text",
    [
        '{"defaults": {"visibility": "private"}, "repositories": ["a"]}',
        '{"repositories": ["a"], "defaults": {"is_public": false}}',
        '{"repositories": [' + '"a", ' * 5000 + '"a"], "private": true}',
        "repositories: [a]\nvisibility: private\n",
        "items: [a]\ndefaults: {}\n",
        "- repository: a\n  is_public: false\n",
        "repositories:\n- name: a\n  private: true\n",
    ],
)
def test_a_list_is_not_imported(text: str) -> None:
    """What it says beside the names would be lost."""
    with pytest.raises(InputError, match="needs no import: give it to bulkrepo create"):
        parse(text)
