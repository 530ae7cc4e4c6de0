"""Every address of the site."""

from django.urls import include, path, re_path
from django.views.defaults import page_not_found

from muniment.objects.views import matches as object_matches
from muniment.objects.views import thing
from muniment.people.views import (
    acts,
    clusters,
    kinds,
    linkage_runs,
    linkage_samples,
    matches,
    person,
    source_advice,
    transparency,
)
from muniment.records.views import intake, record
from muniment.retention.views import disposals, due, due_records, events, holds, kept, review, reviews
from muniment.workbench.views import about, audit, find, home, purpose

_GONE = {"exception": None}

urlpatterns = [
    path("", home.home, name="home"),
    path("purpose/", purpose.purpose, name="purpose"),
    path("purpose/covert/", purpose.covert_enquiry, name="covert_enquiry"),
    path("stay/", about.stay, name="stay"),
    path("about/", about.about, name="about"),
    path("find/", find.find, name="find"),
    path("people/<str:reference>/", person.person, name="person"),
    path("people/<str:reference>/links/", person.person_links, name="person_links"),
    path("people/<str:reference>/joins/", person.person_joins, name="person_joins"),
    path("people/<str:reference>/retention/", kept.person_retention, name="person_retention"),
    path("people/<str:reference>/events/", events.person_events, name="person_events"),
    path("matches/", matches.matches, name="matches"),
    path("matches/<int:key>/", matches.match, name="match"),
    path("matches/sources/", source_advice.sources, name="source_advice"),
    path("matches/sources/<int:system>/", source_advice.tell, name="tell_source"),
    path("matches/sources/answer/<str:reference>/", source_advice.answer, name="answer_advice"),
    path("matches/people/", clusters.clusters, name="clusters"),
    path("matches/people/<str:reference>/", clusters.cluster, name="cluster"),
    path("matches/kinds/", kinds.match_kinds, name="match_kinds"),
    path("matches/kinds/<slug:code>/<slug:verdict>/", kinds.match_kind, name="match_kind"),
    path("matches/acts/", acts.acts, name="judging_acts"),
    path("matches/acts/<int:key>/", acts.act, name="judging_act"),
    path("matches/acts/<int:key>/check/", kinds.check_act, name="check_act"),
    path("matches/judged/", matches.judgements, name="judgements"),
    path("matches/judged/<int:key>/", matches.judgement, name="judgement"),
    path("linkage/", linkage_runs.linkage_runs, name="linkage"),
    path("linkage/runs/<int:key>/", linkage_runs.linkage_run, name="linkage_run"),
    path("linkage/runs/<int:key>/release/", linkage_runs.release_run, name="release_run"),
    path("linkage/samples/", linkage_samples.linkage_samples, name="linkage_samples"),
    path("linkage/samples/<int:key>/", linkage_samples.linkage_sample, name="linkage_sample"),
    path("linkage/samples/<int:key>/label/", linkage_samples.label_next, name="label_next"),
    path("linkage/samples/<int:key>/label/<int:place>/", linkage_samples.label_pair, name="label_pair"),
    path("linkage/samples/<int:key>/pairs/<int:place>/", linkage_samples.sample_pair, name="sample_pair"),
    path("linkage/transparency/", transparency.transparency, name="transparency"),
    path("matches/of/<slug:kind>/", object_matches.matches, name="object_matches"),
    path("matches/of/<slug:kind>/judged/", object_matches.judgements, name="object_judgements"),
    path("matches/of/<slug:kind>/<int:left>/<int:right>/", object_matches.match, name="object_match"),
    path("places/<str:reference>/", thing.place, name="place"),
    path("vehicles/<str:reference>/", thing.vehicle, name="vehicle"),
    path("records/<int:key>/", record.record, name="record"),
    path("intake/", intake.intakes, name="intakes"),
    path("quarantine/", intake.quarantine, name="quarantine"),
    path("quarantine/<int:key>/", intake.quarantined, name="quarantined"),
    path("reviews/", reviews.reviews, name="reviews"),
    path("reviews/next/", reviews.next_review, name="next_review"),
    path("reviews/<str:reference>/", review.review, name="review"),
    path("disposals/", disposals.disposals, name="disposals"),
    path("disposals/due/", due.due_disposals, name="due_disposals"),
    path("disposals/due/<slug:controller>/<str:class_id>/", due_records.due_records, name="due_records"),
    path("disposals/<str:reference>/", disposals.disposal, name="disposal"),
    path("disposals/<str:reference>/approve/", disposals.approve, name="approve"),
    path("disposals/<str:reference>/return/", disposals.send_back, name="send_back"),
    path("disposals/<str:reference>/undo/", disposals.undo, name="undo"),
    path("disposals/<str:reference>/certificate/", disposals.certificate, name="certificate"),
    path("disposals/<str:reference>/sources/<int:system>/", disposals.work_file, name="work_file"),
    path("disposals/<str:reference>/sources/<int:system>/answer/", disposals.answer, name="answer"),
    path("holds/", holds.holds, name="holds"),
    path("holds/new/", holds.place, name="place_hold"),
    path("holds/<str:reference>/", holds.hold, name="hold"),
    path("holds/<str:reference>/ask-release/", holds.ask_release, name="ask_release"),
    path("holds/<str:reference>/release/", holds.release, name="release_hold"),
    path("schedule/", kept.schedule, name="schedule"),
    path("audit/", audit.audit, name="audit"),
    path("covert-audit/", audit.covert_audit, name="covert_audit"),
    # Accounts are made by an administrator and have no e-mail address: these pages of the library are not there.
    re_path(r"^accounts/(?:signup|email|confirm-email|login/code|password/(?:set|reset))/", page_not_found, _GONE),
    path("accounts/", include("allauth.urls")),
]
