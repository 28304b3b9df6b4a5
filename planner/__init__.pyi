from .access import (
    Inequality as Inequality,
)
from .access import (
    Readings as Readings,
)
from .access import (
    Summary as Summary,
)
from .access import (
    Times as Times,
)
from .access import (
    find_gaps as find_gaps,
)
from .access import (
    floating_catchments as floating_catchments,
)
from .access import (
    gaussian_decay as gaussian_decay,
)
from .access import (
    inequality as inequality,
)
from .access import (
    nearest_times as nearest_times,
)
from .access import (
    readings as readings,
)
from .access import (
    step_decay as step_decay,
)
from .access import (
    summarise as summarise,
)
from .access import (
    suppress as suppress,
)
from .access import (
    suppress_counts as suppress_counts,
)
from .allotment import (
    Quarters as Quarters,
)
from .allotment import (
    allot as allot,
)
from .allotment import (
    standard as standard,
)
from .allotment import (
    suggest_pools as suggest_pools,
)
from .area import (
    StudyArea as StudyArea,
)
from .area import (
    Units as Units,
)
from .area import (
    area_in_box as area_in_box,
)
from .beds import (
    Beds as Beds,
)
from .beds import (
    nursing_beds as nursing_beds,
)
from .candidates import (
    candidate_sites as candidate_sites,
)
from .candidates import (
    candidates_from_hosts as candidates_from_hosts,
)
from .candidates import (
    candidates_from_people as candidates_from_people,
)
from .coverage import (
    Coverage as Coverage,
)
from .coverage import (
    cover as cover,
)
from .coverage import (
    nearest_sites as nearest_sites,
)
from .coverage import (
    people_reached as people_reached,
)
from .demand import Demand as Demand
from .errors import (
    ColumnError as ColumnError,
)
from .errors import (
    CrsError as CrsError,
)
from .errors import (
    DataError as DataError,
)
from .errors import (
    IdError as IdError,
)
from .errors import (
    InfeasibleError as InfeasibleError,
)
from .errors import (
    NoPlanInTimeError as NoPlanInTimeError,
)
from .errors import (
    OptimiseError as OptimiseError,
)
from .errors import (
    PeriodError as PeriodError,
)
from .errors import (
    PlannerError as PlannerError,
)
from .errors import (
    QuestionError as QuestionError,
)
from .errors import (
    SourceError as SourceError,
)
from .errors import (
    StoreError as StoreError,
)
from .exports import write as write
from .facts import (
    Facts as Facts,
)
from .facts import (
    gather as gather,
)
from .gazetteer import (
    Basis as Basis,
)
from .gazetteer import (
    Gazetteer as Gazetteer,
)
from .gazetteer import (
    Line as Line,
)
from .gazetteer import (
    Marker as Marker,
)
from .gazetteer import (
    NewName as NewName,
)
from .gazetteer import (
    Record as Record,
)
from .gazetteer import (
    Unit as Unit,
)
from .gazetteer import (
    open_gazetteer as open_gazetteer,
)
from .imports import ImportReport as ImportReport
from .layers import (
    Column as Column,
)
from .layers import (
    Layer as Layer,
)
from .layers import (
    Period as Period,
)
from .live import LiveCoverage as LiveCoverage
from .maps import (
    Imprint as Imprint,
)
from .maps import (
    OnlineBase as OnlineBase,
)
from .maps import (
    draw as draw,
)
from .maps import (
    draw_boundaries as draw_boundaries,
)
from .maps import (
    draw_changes as draw_changes,
)
from .maps import (
    draw_comparison as draw_comparison,
)
from .maps import (
    draw_divisions as draw_divisions,
)
from .maps import (
    draw_frontier as draw_frontier,
)
from .maps import (
    draw_names as draw_names,
)
from .maps import (
    draw_signs as draw_signs,
)
from .maps import (
    names_in_force as names_in_force,
)
from .maps import (
    tianditu as tianditu,
)
from .maps import (
    write_index as write_index,
)
from .network import (
    Attachment as Attachment,
)
from .network import (
    Network as Network,
)
from .network import (
    build_network as build_network,
)
from .network import (
    clipping_at_the_border as clipping_at_the_border,
)
from .optimise import (
    CoverChoice as CoverChoice,
)
from .optimise import (
    Problem as Problem,
)
from .optimise import (
    compare as compare,
)
from .optimise import (
    cover_everyone as cover_everyone,
)
from .optimise import (
    fewest_sites as fewest_sites,
)
from .optimise import (
    frontier as frontier,
)
from .optimise import (
    maximise_coverage as maximise_coverage,
)
from .optimise import (
    maximise_in_stages as maximise_in_stages,
)
from .optimise import (
    maximise_over_years as maximise_over_years,
)
from .optimise import (
    maximise_tiers as maximise_tiers,
)
from .optimise import (
    maximise_worst_share as maximise_worst_share,
)
from .optimise import (
    minimise_mean_time as minimise_mean_time,
)
from .optimise import (
    minimise_worst_time as minimise_worst_time,
)
from .optimise import (
    most_covered as most_covered,
)
from .optimise import (
    plot_frontier as plot_frontier,
)
from .optimise import (
    ranking as ranking,
)
from .optimise import (
    read_plan as read_plan,
)
from .optimise import (
    save_plan as save_plan,
)
from .optimise import (
    sensitivity as sensitivity,
)
from .optimise import (
    verify as verify,
)
from .plan import (
    Plan as Plan,
)
from .plan import (
    Scenario as Scenario,
)
from .profiles import (
    Profile as Profile,
)
from .profiles import (
    travel_profile as travel_profile,
)
from .programme import (
    Phase as Phase,
)
from .programme import (
    PhasedPlan as PhasedPlan,
)
from .programme import (
    PhasedScenario as PhasedScenario,
)
from .programme import (
    Tier as Tier,
)
from .programme import (
    TieredPlan as TieredPlan,
)
from .programme import (
    TieredScenario as TieredScenario,
)
from .programme import (
    link_sites as link_sites,
)
from .project import (
    Project as Project,
)
from .project import (
    open_project as open_project,
)
from .projection import (
    growth as growth,
)
from .projection import (
    project_bands as project_bands,
)
from .projection import (
    project_demand as project_demand,
)
from .reports import (
    frontier_figure as frontier_figure,
)
from .reports import (
    plan_figure as plan_figure,
)
from .reports import (
    report as report,
)
from .rezone import (
    Rezoning as Rezoning,
)
from .rezone import (
    merge_units as merge_units,
)
from .rezone import (
    split_unit as split_unit,
)
from .rezone import (
    transfer_land as transfer_land,
)
from .rezone import (
    weigh as weigh,
)
from .roads import Roads as Roads
from .routing import stream_reach as stream_reach
from .routing.service_areas import (
    reached_roads as reached_roads,
)
from .routing.service_areas import (
    service_areas as service_areas,
)
from .service_files import read_service as read_service
from .services import (
    Parameter as Parameter,
)
from .services import (
    Reading as Reading,
)
from .services import (
    Service as Service,
)
from .services import (
    service as service,
)
from .services import (
    service_keys as service_keys,
)
from .sites import Sites as Sites
from .sources import (
    Boundaries as Boundaries,
)
from .sources import (
    inspect as inspect,
)
from .sources import (
    read_area as read_area,
)
from .sources import (
    read_boundaries as read_boundaries,
)
from .sources import (
    read_layer as read_layer,
)
from .sources import (
    read_population as read_population,
)
from .sources import (
    read_quarters as read_quarters,
)
from .sources import (
    read_roads as read_roads,
)
from .sources import (
    read_sites as read_sites,
)
from .sources import (
    read_table as read_table,
)
from .sources.osm import (
    fetch_roads as fetch_roads,
)
from .sources.osm import (
    read_osm as read_osm,
)
from .sources.osm import (
    read_osm_people as read_osm_people,
)
from .sources.osm import (
    read_osm_sites as read_osm_sites,
)
from .store import GeoPackageStore as GeoPackageStore
from .suitability import (
    exclusion as exclusion,
)
from .suitability import (
    places_needed as places_needed,
)
from .texts import Text as Text
from .village_homes import village_homes as village_homes

__version__: str
