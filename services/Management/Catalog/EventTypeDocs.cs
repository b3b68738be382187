using System.Text.Json.Nodes;
using Webhooks.Api.OpenApi;

namespace Webhooks.Management.Catalog;

/// <summary>How /v1/event-types is described.</summary>
internal static class EventTypeDocs
{
    private static readonly Tag Tag = new("Event types", "The event types that are documented.");

    private static readonly CatalogType Shown = EventCatalog.Find(EventCatalog.TestType)!;

    private static readonly Schema EventType = Schema.Answer(
        "A documented event type.",
        ("type", Words.EventType.Showing(Shown.Type)),
        ("description", Schema.Text("When it happens.", Shown.Description)),
        ("schema", Schema.AnyObject("JSON Schema of its `data`; null: there is none.", Parse(Shown.Schema!)).OrNull()),
        ("example", Schema.AnyObject("An event of the type as it is published, without its tenant.", Parse(Shown.Example)))).Named("EventType");

    public static Operation List() => new(Tag, "listEventTypes", "List the event types", "Lists the documented event types. They are the same for every tenant; other types can be published, too.")
    {
        Parameters =
        [
            Parameter.Tenant,
            Parameter.Page[0],
            Parameter.Query(Api.Pages.QueryReader.CursorName, Schema.Text("Where the page begins: the `next_cursor` of the page before. Without it the list begins with the first name.", "eW1hdGNoLnVubWF0Y2hlZA")),
        ],
        Answers =
        [
            Answer.Ok<Api.Pages.Page<EventTypeResponse>>("A page of event types.", Schema.Answer(
                "A page of the list, in the order of names.",
                ("items", Schema.List("The event types of this page.", EventType)),
                ("next_cursor", Schema.Text("Pass it as `cursor` to get the next page; null at the end of the list.", null).OrNull()))),
        ],
    };

    public static Operation Get() => new(Tag, "getEventType", "Read an event type", "Reads a documented event type.")
    {
        Parameters = [Parameter.Path("type", Words.EventType.Showing(Shown.Type))],
        Answers = [Answer.Ok<EventTypeResponse>("The event type.", EventType)],
    };

    private static JsonObject Parse(byte[] json) => (JsonObject)JsonNode.Parse(json)!;
}
