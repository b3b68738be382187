namespace Webhooks.Dispatcher.Lanes;

// The states of a lane, and who moves it between them. They stand in the lane's row, and in that of the dispatcher which holds
// it. What processes remember (since when something has been so, what was read ahead, what is in hand) may die with them.
//
//                open             take                closed: there is no row; the subscription is served by messages.
//      closed ─────────▶ unheld ─────────▶ held       unheld: deliveries wait.
//        ▲                  ▲      free     │         held:   by a dispatcher that is alive, which serves it from its rows.
//        │                  └───────────────┤
//        └──────────────────────────────────┘ close
//
// open   Whoever saves a setting that needs a lane (LaneNeed), in the same transaction. A dispatcher, when a receiver is to be
//        left alone (HealthLanes) or takes more than its share (MessageSlots).
// take   The dispatcher that the rendezvous hash chooses, at once; any other when it has seen the lane unheld for two seconds;
//        none while its former serving of the lane still ends. Chosen is one of those that take lanes (LeaseKeeper): one that stops
//        does not, nor one whose lease has run out, nor one that for a term has not looked around, or could not take what is its own.
//        The lane gets a fence that no taking of any lane has had.
// free   Its holder, with nothing in hand: when it stops, or when another one has been chosen for two seconds. Or the database,
//        when the holder's row is deleted: by any other dispatcher after its lease has run out, or by itself at its stop, then
//        with sends in flight if the stop took too long.
// close  Its holder, when for a while nothing has needed the lane and it has kept up (LaneClosing), with nothing in hand: under
//        the lock of the subscription's row, unchanged since that was judged, and then of the lane's, with 500 rows left at most.
//
// In goes    what publishers insert, and rows whose message came (LaneIntake). Both hold the lane's row until their commit, so
//            the closing sees them or they see that it is closed.
// Out goes   what has ended (AttemptStore, CancelStore, DeliveryStore, HoldStore, ExpiryStore), what is parked
//            (DeliveryStore.SetAsideAsync), and, to the due-poller, what is left at the closing. When more is left and none of it is
//            due, 501 at each try to close.
//
// How a held lane is served, turn by turn: the table at Serving/LaneTurn.
//
// Who decides to take and to hand over: LaneMoves. Who looks around and acts: LaneOwner. Who is served: ServedLanes, each by a
// Serving/LaneServing. Who is alive: Leases/Lease, LeaseKeeper, LeaseWatch, Contact. The statements: LaneStore, Doors/,
// LeaseStore.
//
// Why no two send the same. When a lease has run out: a holder sends until the end by its own clock, counted from before it
// asked; others take the lane after the end by the database's. When a lane is handed over: nothing is in hand. When a
// statement comes late: what a holder reads, frees and closes is conditional on its fence and lease, and each look tells it
// what it holds; so it serves that and nothing else. From its last look at its lease to the send it waits for no database.
// When the lease was overdue and is renewed: what was looked at before is looked at again. What is sent twice is what was on
// the wire at the end of a lease and not recorded when the next holder looked.

/// <summary>The closed set of what a dispatcher does about a lane at a moment.</summary>
internal enum LaneMove
{
    /// <summary>It is somebody else's, or is soon to be.</summary>
    Leave,

    Take,

    /// <summary>Go on serving it.</summary>
    Keep,

    /// <summary>Finish what is in flight and free it: it is somebody else's now.</summary>
    HandOver,
}

/// <summary>Decides who takes which lane. Pure.</summary>
internal static class LaneLife
{
    /// <summary>How long others leave a lane to the dispatcher that was chosen for it, and a holder waits whether another one stays chosen.</summary>
    public static readonly TimeSpan Hesitation = TimeSpan.FromSeconds(2);

    /// <param name="isChosen">The rendezvous hash chooses this dispatcher.</param>
    /// <param name="unheldFor">How long this dispatcher has seen it without a holder.</param>
    public static LaneMove OfUnheld(bool isChosen, TimeSpan unheldFor) =>
        isChosen || unheldFor >= Hesitation ? LaneMove.Take : LaneMove.Leave;

    /// <param name="isChosen">The rendezvous hash chooses this dispatcher, which holds it.</param>
    /// <param name="otherChosenFor">For how long it has chosen another one: that one may be about to end, too.</param>
    public static LaneMove OfHeld(bool isChosen, TimeSpan otherChosenFor) =>
        isChosen || otherChosenFor < Hesitation ? LaneMove.Keep : LaneMove.HandOver;
}
